# SPDX-License-Identifier: BSD-2-Clause
"""What is said of a time that was measured more than once, and what is not said.

A figure is the median of what several restarts found, with their quartiles. Where these
are further apart than the figure is large it says nothing: it is refused, in words that
give both. So is what would be less than nothing.
"""

import statistics
from typing import NamedTuple

COLUMNS = "median", "lower quartile", "upper quartile", "note"
REFUSED = "not measurable here"


class Spread(NamedTuple):
    low: float
    median: float
    high: float

    @property
    def is_measurable(self):
        return self.high - self.low <= self.median

    def __str__(self):
        """With half of the distance of the quartiles."""
        words = f"{digits(self.median):g} ± {digits((self.high - self.low) / 2):g}"
        return words if self.is_measurable else f"{REFUSED} ({words})"

    def cells(self):
        """Of a row of a table: COLUMNS."""
        if not self.is_measurable:
            return [None, None, None, str(self)]
        return [digits(self.median), digits(self.low), digits(self.high), ""]


def spread(values):
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(low, median, high)


def digits(value):
    """No more of them than are worth reading."""
    return float(f"{value:.3g}")
