# SPDX-License-Identifier: MIT
"""The report as a picture: a bar for each row, in panels of what can be compared,
with a tick where it should be."""

from html import escape

from report import number

WIDTH, LABEL, VALUE = 1000, 430, 170
BAR, GAP, TITLE, EDGE = 13, 5, 34, 16
SCALE = WIDTH - LABEL - VALUE - 2 * EDGE
COLOURS = {True: "#2f7d4f", False: "#c1532f", None: "#7d8fa3"}
STYLE = """
	text { font: 12px sans-serif; fill: #222; }
	.title { font-weight: bold; font-size: 13px; }
	.quiet { fill: #666; font-size: 11px; }
"""


def panels(rows):
    """Lists of rows with one case, one unit and one subject."""
    found = {}
    for row in rows:
        subject = row.what.split(":")[0] if ":" in row.what else ""
        # Of ratios, some are to be small and some are to be large.
        sign = row.aim.sign if row.aim and row.unit == "×" else ""
        found.setdefault((row.case, row.unit, sign, subject), []).append(row)
    # Those of one row each are together better than apart.
    merged = {}
    for (case, unit, sign, subject), some in found.items():
        key = (case, unit, sign, subject if len(some) > 1 else "")
        merged.setdefault(key, []).extend(some)
    return merged


def svg(report):
    parts, y = [], EDGE
    for (case, unit, _, subject), rows in panels(report.rows).items():
        title = " · ".join(text for text in (case, subject, unit) if text)
        parts.append(text(EDGE, y + 16, title, "title"))
        y += TITLE - 8
        top = max([end_of(row) for row in rows]) or 1
        for row in rows:
            parts += bar(row, y, top, subject)
            y += BAR + GAP
        y += GAP * 2
    parts.append(text(EDGE, y + 12, "Bars: medians, with the middle half of the "
                      "samples; | where it should be: green reached, red not.",
                      "quiet"))
    height = y + 12 + EDGE
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'viewBox="0 0 %d %d">\n<style>%s</style>\n'
            '<rect width="100%%" height="100%%" fill="#fff"/>\n%s\n</svg>\n' % (
                WIDTH, height, WIDTH, height, STYLE, "\n".join(parts)))


def end_of(row):
    return max(row.median, row.spread[1], row.aim.value if row.aim else 0)


def bar(row, y, top, subject):
    def x(value):
        return EDGE + LABEL + SCALE * value / top

    low, high = row.spread
    middle = y + BAR / 2
    label = row.what
    if subject:
        label = label.removeprefix(subject).lstrip(": ")
    yield text(EDGE + LABEL - 8, y + BAR - 2, label, end=True)
    yield rect(x(0), y, max(1, x(row.median) - x(0)), BAR,
               COLOURS[row.reached])
    yield line(x(low), middle, x(high), middle, "#222", 1)
    if row.aim:
        yield line(x(row.aim.value), y - 3, x(row.aim.value), y + BAR + 3,
                   "#000", 2)
    said = "%s %s" % (number(row.median), row.unit)
    if row.aim:
        said += " (%s)" % str(row.aim)
    end = max(row.median, high, row.aim.value if row.aim else 0)
    yield text(x(end) + 8, y + BAR - 2, said)


def text(x, y, words, kind="", end=False):
    return '<text x="%.1f" y="%.1f"%s%s>%s</text>' % (
        x, y, ' class="%s"' % kind if kind else "",
        ' text-anchor="end"' if end else "", escape(words))


def rect(x, y, width, height, colour):
    return '<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (
        x, y, width, height, colour)


def line(x1, y1, x2, y2, colour, width):
    return ('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" '
            'stroke-width="%d"/>' % (x1, y1, x2, y2, colour, width))
