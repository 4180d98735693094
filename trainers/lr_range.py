"""The learning-rate range test: rates that grow from step to step, and what the losses say about them.

Leslie Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017), section 3.3, trains a few steps with
a growing rate and looks where the loss falls and where it breaks. As in fastai's `lr_find` the rate grows by the same
factor at every step, losses are smoothed by a bias-corrected moving average, the test ends when the smoothed loss is
four times its lowest value, and the rate that is suggested is the one at which the loss falls most steeply.

How steeply it falls is told by the straight line that fits the losses of some steps best (Savitzky and Golay 1964),
because neighbours of a smoothed curve differ by noise, and a moving average lags behind. The narrowest of some widths
is taken at which the fall is clear of noise. Of lines that are as steep as far as noise lets one tell, the one at the
largest rate counts: noise would choose any of them, and the largest rate that trains well is what is looked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from trainers.contract import InputError, option

SMOOTHING = 0.9  # share of the average that stays
SETTLED = 10  # steps after which the average holds enough losses for its lowest value not to be a lucky one
EXPLODED = 4.0  # times the lowest smoothed loss
WIDTHS = (0.1, 0.2, 0.3, 0.4)  # shares of all steps over which a line is fitted
LEAST_WIDTH = 5  # steps
CLEAR = 4.0  # standard errors of a slope; the steepest of many lines is two or three of them by chance
ALIKE = 2.0  # standard errors within which two slopes are the same
DIGITS = 2  # of a suggestion: the test does not tell more


@dataclass(frozen=True, kw_only=True)
class LrRange:
    """From which rate to which, in how many steps."""

    low: float = option(1e-7, "the first learning rate", low=1e-12, high=10.0)
    high: float = option(1e-2, "the last learning rate", low=1e-12, high=1e3)
    steps: int = option(200, "steps from the first rate to the last", low=10, high=1_000_000)

    def check(self) -> None:
        """Raises `InputError` for a range that does not grow."""
        if not self.low < self.high:
            raise InputError(f"the range of rates goes from {self.low:g} to {self.high:g}: it has to grow")

    @property
    def factor(self) -> float:
        """What the rate is multiplied by from one step to the next."""
        return float((self.high / self.low) ** (1 / (self.steps - 1)))

    def rate(self, step: int) -> float:
        """The rate of a step, counted from 1."""
        if step >= self.steps:
            return self.high
        return self.low * self.factor ** (step - 1)


@dataclass(frozen=True)
class Found:
    """What a range test tells; rates are None where it does not tell them.

    `suggested` is where the smoothed loss falls most steeply, `lowest` where it is lowest, `exploding` where it is
    `EXPLODED` times that or no number. `lowest_loss` is the smoothed loss at `lowest`.
    """

    suggested: float | None
    lowest: float | None
    exploding: float | None
    lowest_loss: float


class RangeTest:
    """Takes the losses of one step after the other and says when to stop, and what they tell in the end."""

    def __init__(self, over: LrRange) -> None:
        self._range = over
        self._average = 0.0
        self._best = math.inf
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self.exploding: float | None = None
        """The rate at which the loss exploded; None while it has not."""

    @property
    def _settled(self) -> int:
        return min(SETTLED, self._range.steps // 4)

    @property
    def is_over(self) -> bool:
        """Whether the loss has exploded, or the last rate was tried."""
        return self.exploding is not None or len(self.losses) >= self._range.steps

    def take(self, loss: float) -> float:
        """Takes the loss of the next step; returns the smoothed one, which is NaN where the loss is no number."""
        step = len(self.losses) + 1
        self.losses.append(loss)
        if not math.isfinite(loss):
            self.smoothed.append(math.nan)
            self.exploding = self._range.rate(step)
            return math.nan
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        # The average begins at 0; this takes out what it still holds of that (Kingma and Ba 2015, section 3).
        smoothed = self._average / (1 - SMOOTHING**step)
        self.smoothed.append(smoothed)
        if step > self._settled:
            self._best = min(self._best, smoothed)
            # A loss may be negative; above 0 this is `EXPLODED` times the lowest.
            if smoothed > self._best + (EXPLODED - 1) * abs(self._best):
                self.exploding = self._range.rate(step)
        return smoothed

    def found(self) -> Found:
        """What all losses so far tell."""
        known = [value for value in self.smoothed if math.isfinite(value)]
        if not known:
            return Found(None, None, self.exploding, math.nan)
        first = min(self._settled, len(known) - 1)
        place = min(range(first, len(known)), key=known.__getitem__)
        steepest = _steepest(self.losses[: place + 1], self._range.steps)
        suggested = None if steepest is None else rounded(self._range.rate(steepest + 1))
        return Found(suggested, rounded(self._range.rate(place + 1)), self.exploding, known[place])


def rounded(rate: float) -> float:
    """A rate with the digits that can be meant, so that it can be typed as it is shown."""
    return float(f"{rate:.{DIGITS - 1}e}")


def _steepest(losses: Sequence[float], steps: int) -> int | None:
    """The middle of the last of the lines that fall most steeply; None where none falls clearly."""
    noise = _noise(losses)
    for width in (max(LEAST_WIDTH, round(share * steps)) for share in WIDTHS):
        if width > len(losses):
            return None
        slopes, error = _slopes(losses, width), noise / math.sqrt(_spread(width))
        if -min(slopes) > CLEAR * error:
            alike = [begin for begin, slope in enumerate(slopes) if slope <= min(slopes) + ALIKE * error]
            return alike[-1] + (width - 1) // 2
    return None


def _slopes(losses: Sequence[float], width: int) -> list[float]:
    """The slopes, a step, of the lines that fit best to each so many neighbours."""
    sums = list(accumulate(losses, initial=0.0))
    weighted = list(accumulate((place * loss for place, loss in enumerate(losses)), initial=0.0))
    middle = (width - 1) / 2
    return [
        (weighted[begin + width] - weighted[begin] - (begin + middle) * (sums[begin + width] - sums[begin]))
        / _spread(width)
        for begin in range(len(losses) - width + 1)
    ]


def _spread(width: int) -> float:
    """The sum of squared distances of 0 … width-1 from their mean."""
    return width * (width**2 - 1) / 12


def _noise(losses: Sequence[float]) -> float:
    """The standard deviation of losses around their course: neighbours differ by the noise of both."""
    jumps = [(after - before) ** 2 for before, after in pairwise(losses)]
    return math.sqrt(sum(jumps) / len(jumps) / 2) if jumps else 0.0
