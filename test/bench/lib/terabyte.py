# SPDX-License-Identifier: MIT
"""What a terabyte a day costs, by the figures of a run."""

from report import number, say

TIB_GIB = 1024
DAY_S = 86400
# How long a chunk lies in a tier: from its upload to its upload's complete.
STAY_S = 60
PEAK = 4        # the busiest hour beside the mean of the day
FORMULA = """A terabyte (TiB) a day in chunks of 512 KiB, by the figures above:
    cores = CPU seconds a GiB (functions + web server + tier) × 1,024 / 86,400 × %d
    memory of a tier = 1 TiB / 86,400 × %d s that an upload is under way × %d
    (%d: the busiest time of the day beside its mean; complete's own pass is not in it)
""" % (PEAK, STAY_S, PEAK, PEAK)


def cores(seconds_a_gib):
    return seconds_a_gib * TIB_GIB / DAY_S * PEAK


def tier_gib():
    return TIB_GIB / DAY_S * STAY_S * PEAK


def show(report):
    for label in ("tranche, memory", "tranche, redis", "tranche, mongodb"):
        rows = [report.find("a GiB in 512 KiB: %s, %s" % (label, part))
                for part in ("functions", "web server", "tier")]
        total = sum(row.median for row in rows if row)
        if total:
            report.add("cpu", "a TiB a day: %s, cores" % label, "", [
                cores(total)], None, "%s s a GiB; %.1f GiB of memory" % (
                    number(total), tier_gib()))


def lines(report):
    if any(row.what.startswith("a TiB a day") for row in report.rows):
        yield ""
        yield from FORMULA.rstrip().splitlines()
