# SPDX-License-Identifier: MIT
"""Many points of one request, tried one after the other."""

FAILURES_MAX = 20


def walk(points, attempt):
    """What attempt(point) gave for each. One that fails does not end it, so that
    a run of hours names all that is wrong; FAILURES_MAX do."""
    given, failed = [], []
    for point in points:
        try:
            given.append(attempt(point))
        except AssertionError as e:
            failed.append(str(e))
            if len(failed) == FAILURES_MAX:
                break
    assert not failed, "%d points failed, %d did not:\n%s" % (
        len(failed), len(given), "\n".join(failed))
    return given
