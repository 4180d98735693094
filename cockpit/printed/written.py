"""Events written straight from the digits of lines whose form is known."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from cockpit.events.codec import encode
from cockpit.events.kinds import Eval, Norms, Step
from cockpit.printed.forms import Form
from cockpit.printed.sorting import Group


@dataclass(slots=True)
class Written:
    """Events as lines of a file of events, of one run. `extremes` are of evaluations, by phase and name: how many
    values, the lowest, the highest, and the last one.
    """

    lines: list[bytes] = field(default_factory=list)
    steps: int = 0
    evaluations: int = 0
    norms: int = 0
    last_step: int = 0
    last_epoch: int = -1
    extremes: dict[tuple[str, str], tuple[int, float, float, float]] = field(default_factory=dict)

    def count(self, layout: Layout, step: int, epoch: int, columns: Sequence[Sequence[bytes]], lines: int) -> None:
        """So many lines of a layout were written, up to this step and epoch."""
        group = layout.group
        if group.kind == "step":
            self.steps += lines
            if group.phase == "train":
                self.last_step, self.last_epoch = max(self.last_step, step), max(self.last_epoch, epoch)
            return
        self.evaluations += lines
        for name, place in zip(group.names, layout.places, strict=False):
            values = list(map(float, columns[place]))
            known, low, high, _ = self.extremes.get((group.phase, name), (0, math.inf, -math.inf, math.nan))
            both = known + lines, min(low, min(values)), max(high, max(values)), values[-1]
            self.extremes[group.phase, name] = both


@dataclass(frozen=True, slots=True)
class Layout:
    """How one event of a form is written: `text` takes an epoch, a step, and the digits in the groups `places`."""

    group: Group
    text: bytes
    places: tuple[int, ...]


@cache
def norms_layout(group: bytes) -> bytes:
    """The line of a group's norms, to be filled with the step and the digits of means and deviations, as they come."""
    step, (a, b, c, d) = 10**11, (float(10**11 + number) for number in range(1, 5))
    event = Norms(step=step, group=group.decode(), param_mean=a, param_std=b, grad_mean=c, grad_std=d)
    text = encode(event).decode().replace("%", "%%").replace(f"{step},", "%d,", 1)
    for mark in (a, b, c, d):
        text = text.replace(str(mark), "%b", 1)
    return text.encode()


def layouts_of(form: Form, groups: Sequence[Group]) -> list[Layout] | None:
    """How its events are written; None where a name hides what it stands for."""
    found = [_layout(form, group) for group in groups]
    return None if None in found else [layout for layout in found if layout is not None]


def _layout(form: Form, group: Group) -> Layout | None:
    """Write an event with numbers that occur nowhere else, and see where they come out."""
    chance = random.Random(1)
    marks = iter(chance.sample(range(10**11, 10**12), len(group.names) + 3))
    epoch, step, time = next(marks), next(marks), next(marks)
    metrics = {name: next(marks) for name in group.names}
    has_time = form.time >= 0
    event = (Step if group.kind == "step" else Eval)(
        phase=group.phase, epoch=epoch, step=step, time=time if has_time else None, metrics=metrics
    )
    text = encode(event).replace(b"%", b"%%")
    wanted = [(epoch, b"%d"), (step, b"%d"), *((mark, b"%b") for mark in metrics.values())]
    wanted += [(time, b"%b")] if has_time else []
    places = [form.values[group.places[name]] for name in group.names] + ([form.time] if has_time else [])
    after = -1
    for mark, take in wanted:
        digits = str(mark).encode()
        at = text.find(digits)
        if at <= after or text.count(digits) != 1:
            return None
        text = text.replace(digits, take)
        after = at
    return Layout(group, text, tuple(places))
