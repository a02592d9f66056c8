# SPDX-License-Identifier: MIT
"""The report as text that is Markdown too."""

import terabyte
from report import number


def lines(report):
    yield from section(report.settings)
    yield ""
    for what in report.missing:
        yield "Without: %s." % what
    cells = [("case", "what", "median", "spread", "aim", "", "note")]
    cells += [row_cells(row) for row in report.rows]
    widths = [max(len(line[n]) for line in cells) for n in range(7)]
    for n, line in enumerate(cells):
        yield one(line, widths)
        if n == 0:
            yield "|" + "|".join(
                "-" * (width + 1) + (":" if column in (2, 4) else "-")
                for column, width in enumerate(widths)) + "|"
    yield from terabyte.lines(report)


def section(settings):
    width = max([len(what) for what, _ in settings] + [0])
    for what, value in settings:
        yield "    %-*s  %s" % (width, what, value)


def row_cells(row):
    low, high = row.spread
    reached = {None: "", True: "yes", False: "no"}[row.reached]
    return (row.case, row.what, "%s %s" % (number(row.median), row.unit),
            "%s to %s" % (number(low), number(high)),
            str(row.aim or ""), reached, row.note)


def one(line, widths):
    return "| " + " | ".join(
        cell.rjust(width) if column in (2, 4) else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths))) + " |"
