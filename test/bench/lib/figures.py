# SPDX-License-Identifier: MIT
"""Samples and what is said of them."""

import statistics


def median(samples):
    return statistics.median(samples)


def spread(samples):
    """The middle half: from the first quartile to the third."""
    if len(samples) < 2:
        return samples[0], samples[0]
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, high


def ratios(one, other):
    """Of pairs, a round's each."""
    assert len(one) == len(other)
    return [a / b for a, b in zip(one, other)]


def percentile(samples, share):
    """The smallest that so many are not above."""
    ranked = sorted(samples)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
