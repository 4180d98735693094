"""Where values stand in a run: on one axis of steps, whatever the program counts."""

from __future__ import annotations

from collections.abc import Collection


class Axis:
    """The steps of one run.

    A metric never has two values at one step: a counter that begins again, as with every epoch, goes on where it was,
    and values without a step of their own stand at the last one, or at the next where that is taken. Phases of
    evaluation name the step of the training that they come after.
    """

    def __init__(self) -> None:
        self._training = _Counter()
        self._others: dict[str, _Counter] = {}

    def place(self, phase: str, names: Collection[str], step: int | None, evaluates: bool = False) -> int:
        """The step of values `names` of `phase` that say to be at `step`, from 0; None where they say nothing."""
        if phase == "train" and not evaluates:
            return self._training.place(names, step)
        counter = self._others.setdefault(f"{phase} {evaluates}", _Counter())
        if step is None:
            counter.reach(self._training.top)
            return counter.place(names, None)
        return counter.place(names, self._training.base + step if evaluates else step)


class _Counter:
    """One counter of the program. `base` is what its earlier rounds add up to, `top` the last place that is taken."""

    def __init__(self) -> None:
        self.base = 0
        self.top = 0
        self._first: int | None = None
        self._placed: dict[str, int] = {}  # where each metric stands

    def reach(self, place: int) -> None:
        self.top = max(self.top, place)

    def place(self, names: Collection[str], step: int | None) -> int:
        taken = -1
        for name in names:
            taken = max(taken, self._placed.get(name, -1))
        if step is None:
            placed = max(self.top, taken + 1)
        else:
            self._first = step if self._first is None else self._first
            if self.base + step <= taken:
                self._begin_again(step, taken - self.base)
            placed = self.base + step
        if placed > self.top:
            self.top = placed
        for name in names:
            self._placed[name] = placed
        return placed

    def _begin_again(self, step: int, last: int) -> None:
        """A round begins: at the beginning again, or in the midst of the last one, as after a restart."""
        is_anew = step < last and self._first is not None and step <= self._first
        # A counter from 0 has its first step where one from 1 has its zeroth.
        self.base = self.top + (step == 0) if is_anew else self.top + 1 - step
