"""Population based training (Jaderberg et al. 2017, arXiv:1711.09846), as pure logic.

The form is the asynchronous one of Ray's `PopulationBasedTraining`: a trial is compared when it reports, with the
newest values of all that run. The same calls in the same order give the same decisions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.search.errors import shown
from cockpit.search.explore import explored
from cockpit.search.metric import Metric
from cockpit.search.pbt import Pbt
from cockpit.search.sampling import uniform
from cockpit.search.space import Value
from cockpit.search.spec import Search
from cockpit.search.stopping.verdict import compared, ordinal
from cockpit.search.values import identity


@dataclass(frozen=True)
class Mutation:
    """A trial is to go on from the `checkpoint` of another one, `source`, with `config`.

    `changed` has the old and the new value of every parameter that differs from what the trial had. `rank` is the
    trial's among the `of` that were compared; its `value` was held against `threshold`, that of the source.
    """

    trial: str
    source: str
    checkpoint: str
    config: Mapping[str, Value]
    changed: Mapping[str, tuple[Value, Value]]
    evaluation: int
    value: float
    threshold: float
    rank: int
    of: int
    why: str


@dataclass
class _Member:
    config: Mapping[str, Value]
    judged: int = 0  # the last evaluation at which it was compared
    value: float = math.nan


class Population:
    """The trials that run now, and what each of them last came to. Trials in `exempt` are no part of it.

    `checkpoint` gives the file of a trial's newest checkpoint, None or "" where it has none: such a trial is compared
    and never copied.
    """

    def __init__(
        self,
        search: Search,
        mutable: Collection[str],
        checkpoint: Callable[[str], str | None],
        exempt: Collection[str] = (),
    ) -> None:
        self.settings = search.pbt or Pbt()
        self._metric: Metric = search.metric or Metric("score", "maximize")
        self._space = {name: found for name, found in search.varied.items() if name in mutable}
        self._seed = search.seed
        self._checkpoint = checkpoint
        self._exempt = frozenset(exempt)
        self._members: dict[str, _Member] = {}

    def on_start(self, trial: str, config: Mapping[str, Value]) -> None:
        """An attempt at the trial begins with this configuration."""
        if trial not in self._exempt:
            self._members.setdefault(trial, _Member(config)).config = dict(config)

    def on_end(self, trial: str) -> None:
        """The trial is over: nobody copies it any more, since nothing would be left to train."""
        self._members.pop(trial, None)

    def on_evaluation(self, trial: str, evaluation: int, value: float, *, final: bool = False) -> Mutation | None:
        """Take in an evaluation, counted from 1; what the trial is to become, or None if it goes on as it is.

        Decided once every `interval` evaluations, and not at the `final` one. Decided is also an evaluation at which
        nothing came of it, for want of a checkpoint say; the next chance is after another `interval`.
        """
        member = self._members.get(trial)
        if member is None or evaluation < member.judged + self.settings.interval:
            return None
        member.judged, member.value = evaluation, value
        if final:
            return None
        ranked = self._ranked()
        part = self._part(len(ranked))
        if not part or trial not in ranked[-part:]:
            return None
        sources = {
            source: file
            for source in ranked[:part]
            if self._is_better(source, value) and (file := self._checkpoint(source))
        }
        if not sources:
            return None
        draw = uniform(self._seed, evaluation, f"pbt/{trial}/source")
        source = list(sources)[int(draw * len(sources))]
        return self._mutation(trial, source, sources[source], ranked)

    def _ranked(self) -> list[str]:
        """The trials that have a value, best first, the first of equals first."""
        judged = [trial for trial, member in self._members.items() if member.judged]
        return sorted(judged, key=lambda trial: -self._metric.oriented(self._members[trial].value))

    def _part(self, size: int) -> int:
        """How many trials make a quantile: rounded up, and never more than half."""
        return min(math.ceil(size * self.settings.quantile), size // 2)

    def _is_better(self, source: str, value: float) -> bool:
        return self._metric.better(self._members[source].value, than=value)

    def _mutation(self, trial: str, source: str, checkpoint: str, ranked: Sequence[str]) -> Mutation:
        own, other = self._members[trial], self._members[source]
        key = f"pbt/{trial}"
        moved = explored(self._space, other.config, self.settings.resample, self._seed, own.judged, key)
        config = {**other.config, **moved}
        names = [*own.config, *(name for name in config if name not in own.config)]
        changed = {
            name: (own.config.get(name), config.get(name))
            for name in names
            if identity(own.config.get(name)) != identity(config.get(name))
        }
        rank = ranked.index(trial) + 1
        settings = ", ".join(f"{name} {_text(old)} → {_text(new)}" for name, (old, new) in changed.items())
        why = (
            f"pbt at evaluation {own.judged}: {compared(self._metric, own.value, other.value)} "
            f"({ordinal(rank)} of {len(ranked)}); copies {source}{' with ' if settings else ''}{settings}"
        )
        return Mutation(
            trial, source, checkpoint, config, changed, own.judged, own.value, other.value, rank, len(ranked), why
        )


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shown(value).strip("'")
