# SPDX-License-Identifier: MIT
"""What a terabyte a day costs, by the figures of a run."""

from report import number

TIB_GIB = 1024
DAY_S = 86400
# How long a chunk lies in a tier: from its upload to its session's complete.
STAY_S = 60
PEAK = 4        # the busiest time of a day beside its mean
WORKERS = 8     # of each of the five functions
PARTS = ("functions", "web server", "tier")
# Rows of other cases, which may not have been run.
COMPLETE = "CPU of complete, a GiB, memory"
BUSY = "PSS of upload, %s, 8 workers: after 1,000 chunks"
FORMULA = """A terabyte (TiB) a day in chunks of 512 KiB, by the medians above:
    cores = CPU seconds a GiB (functions + web server + tier, + complete where
            it was measured) × 1,024 GiB / 86,400 s × %d
    GiB of the tier = 1,024 GiB / 86,400 s × %d s × %d
    MiB of the functions = PSS after 1,000 chunks × 5 functions × %d workers
    %d: the busiest time of a day beside its mean. %d s: from a chunk's upload to
    its session's complete; what is never completed stays for TRANCHE_TTL.
""" % (PEAK, STAY_S, PEAK, WORKERS, PEAK, STAY_S)
MARK = "a TiB a day"


def median_of(report, what):
    row = report.find(what)
    return row.median if row else 0


def show(report):
    for tier in ("memory", "redis", "mongodb"):
        chunk = sum(median_of(report, "a GiB in 512 KiB: tranche, %s, %s" % (
            tier, part)) for part in PARTS)
        if not chunk:
            continue
        total = chunk + median_of(report, COMPLETE)
        gib = TIB_GIB / DAY_S * STAY_S * PEAK
        report.add("cpu", "%s: tranche, %s" % (MARK, tier), "cores",
                   [total * TIB_GIB / DAY_S * PEAK], None,
                   "%s s a GiB; %s GiB of the tier%s" % (
                       number(total), number(gib), functions(report, tier)))


def functions(report, tier):
    pss = median_of(report, BUSY % tier)
    if not pss:
        return ""
    return "; %s MiB of the functions" % number(pss * 5 * WORKERS)


def lines(report):
    if any(row.what.startswith(MARK) for row in report.rows):
        yield ""
        yield from FORMULA.rstrip().splitlines()
