# SPDX-License-Identifier: MIT
"""A route document as the original application saves them, of tracks as
people recorded them: the GPX files in the sdist of the Python package gpxpy,
all made legs of one journey, again and again with later times."""

import datetime
import functools
import io
import os
import subprocess
import tarfile
import xml.etree.ElementTree
from pathlib import Path

import js

SDIST = "gpxpy-1.6.2.tar.gz"
SIZE_MIN = 850_000    # UTF-16 units
NAMES = ["Lutruwita 🏔️ kunanyi", "Überquerung", "Čakovec – Ljubljana",
         "東京から京都へ 🚴", "Москва–Тверь", "طريق الحرير", "दिल्ली 🐘",
         "Ελλάδα 🏺", "เชียงใหม่", "👩‍👩‍👧‍👦 \"tour\"\t\\ 𠜎"]


def sdist():
    """Its path in the cache, where it is downloaded to once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME")
                 or Path.home() / ".cache") / "tranche"
    if not (cache / SDIST).exists():
        cache.mkdir(parents=True, exist_ok=True)
        name, version = SDIST.removesuffix(".tar.gz").split("-")
        subprocess.run(
            ["/usr/bin/python3", "-m", "pip", "download", "--quiet",
             "--no-deps", "--no-binary", ":all:", "--dest", cache,
             "%s==%s" % (name, version)], check=True)
    return cache / SDIST


def tracks():
    """(file name, points) of each file that has any; a point is
    (lon, lat, elevation or None, time or None)."""
    with tarfile.open(sdist()) as tar:
        for member in tar:
            if member.name.endswith(".gpx"):
                points = list(read(tar.extractfile(member).read()))
                if points:
                    yield member.name.rsplit("/", 1)[-1], points


def read(gpx):
    for _, element in xml.etree.ElementTree.iterparse(io.BytesIO(gpx)):
        kind = element.tag.rsplit("}", 1)[-1]
        if kind in ("trkpt", "rtept", "wpt"):
            below = {child.tag.rsplit("}", 1)[-1]: child.text
                     for child in element}
            yield (float(element.get("lon")), float(element.get("lat")),
                   float(below["ele"]) if below.get("ele") else None,
                   below.get("time"))


def leg(number, file, points):
    return {
        "routeId": "route-%d" % number,
        "order": number,
        "name": "%s (%s)" % (NAMES[number % len(NAMES)], file),
        "color": "#%06x" % (number * 99991 % 0xffffff),
        "isVisible": number % 3 != 0,
        "surface": None,
        "geojson": {"type": "FeatureCollection", "features": [{
            "type": "Feature",
            "properties": {"coordTimes": [
                later(time, number) for *_, time in points if time]},
            "geometry": {"type": "LineString", "coordinates": [
                [each for each in (lon, lat, elevation) if each is not None]
                for lon, lat, elevation, _ in points]},
        }]},
        "statistics": {"points": len(points),
                       "highest": max((p[2] for p in points if p[2]),
                                      default=None)},
    }


def later(time, days):
    try:
        moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    except ValueError:
        return time    # as it was recorded
    return (moment + datetime.timedelta(days=days)).isoformat()


@functools.cache
def document():
    """The document as an object; callers change copies."""
    recorded = list(tracks())
    assert len(recorded) > 20
    journey = {"name": "Journey 🗺️ 旅", "description": "\u2028 \0 é ﷽ \x7f",
               "type": "tile", "isPublic": False, "version": 1.0,
               "mapState": {"zoom": 7.25, "center": [146.6, -42.0],
                            "pitch": 0, "bearing": -0.5,
                            "style": {"a.b": {"$id": 1, "": []}}},
               "pois": [], "photos": [{}], "routes": []}
    while js.length(js.stringify(journey).decode()) < SIZE_MIN:
        for file, points in recorded:
            journey["routes"].append(
                leg(len(journey["routes"]), file, points))
    return journey
