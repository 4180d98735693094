"""What was known before an experiment began: one look at the summaries of all experiments, for any number of entries.

Only experiments that began earlier count, so that an old entry stays the same when it is written again.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cockpit.diary.noise import KnownNoise, known_noise
from cockpit.store import ranking
from cockpit.store.comparison import exact
from cockpit.store.folder import FolderError, RunFolder, experiments
from cockpit.store.learning_rate import FIND_LR
from cockpit.store.life import LIVE
from cockpit.store.noise import Noise, noise_from
from cockpit.store.reader import Index
from cockpit.store.scores import Pair
from cockpit.store.summary import read_summary, summarize, write_summary

Settings = Mapping[str, Any]
NO_SETTINGS = ("seed",)  # what differs from run to run although nobody changed it


class Rival(NamedTuple):
    """The best earlier experiment with the same trainer, data and metric."""

    experiment: str
    best: float


@dataclass(frozen=True)
class Parent:
    """The experiment that another one was made from. `settings` are those of the trial of it that is nearest.

    `asked` are those among them that somebody chose; the others are defaults, or follow from what was chosen. `varied`
    are those that it searched, `best` is its best value where that is of the same metric, else None.
    """

    experiment: str
    settings: Settings
    asked: frozenset[str]
    varied: frozenset[str]
    best: float | None


@dataclass(frozen=True)
class Before:
    """What an entry says of earlier experiments. `pairs` are the CV and LB of those of the same kind, oldest first.

    There are none where the experiment has no score to hold against them. `noise` is that of runs of one configuration.
    `rates` are the learning rates that experiments suggested which looked for one, with their names, oldest first.
    """

    rival: Rival | None = None
    parent: Parent | None = None
    pairs: tuple[tuple[str, Pair], ...] = ()
    noise: KnownNoise = field(default_factory=KnownNoise)
    rates: tuple[tuple[str, float], ...] = ()


class _Reference(NamedTuple):
    """The settings of a trial, and the same to be compared quickly."""

    settings: Settings
    asked: frozenset[str]
    items: frozenset[tuple[str, str | None]]


@dataclass(frozen=True)
class _Known:
    """An experiment as its summary tells it. `references` are its best trial and its baseline."""

    name: str
    id: str
    kind: tuple[str, str]  # trainer and data
    aim: tuple[str, str]  # metric and goal
    status: str
    started: float
    varied: frozenset[str]
    named: Sequence[str]  # experiments that it started with
    is_rerun: bool  # which tells of its trial, and stands for no step of the search for a better one
    best: float | None
    references: Sequence[_Reference]
    pairs: Sequence[Pair]
    noise: Noise
    suggested_lr: float | None


class _Line:
    """Experiments of one kind, oldest first, with the best of the first n for each n."""

    def __init__(self) -> None:
        self.members: list[_Known] = []
        self._starts: list[float] = []
        self._best: list[Rival | None] = [None]

    def add(self, one: _Known) -> None:
        self.members.append(one)
        self._starts.append(one.started)
        best, value = self._best[-1], None if one.is_rerun else one.best
        if value is not None and (best is None or ranking.is_better(value, best.best, one.aim[1])):
            best = Rival(one.id, value)
        self._best.append(best)

    def count_before(self, started: float) -> int:
        return bisect_left(self._starts, started)

    def best_before(self, started: float) -> Rival | None:
        return self._best[self.count_before(started)]


class Past:
    """The experiments of a logs folder, by what may be compared."""

    def __init__(self, runs: Iterable[RunFolder]) -> None:
        known = sorted(map(_known, runs), key=lambda one: (one.started, one.name))
        self._names = {one.name: one for one in known}
        self._ids = {one.id: one for one in known}
        self._kin: dict[object, _Line] = {}  # of the same trainer and data
        self._alike: dict[object, _Line] = {}  # and with the same metric and goal
        for one in known:
            self._kin.setdefault(one.kind, _Line()).add(one)
            self._alike.setdefault((one.kind, one.aim), _Line()).add(one)

    def status(self, run: RunFolder) -> str:
        """How the experiment stood when it was looked at."""
        return self._names[run.name].status if run.name in self._names else ""

    def pairs(self) -> dict[str, list[tuple[str, Pair]]]:
        """CV and LB of all experiments that have both, oldest first, by trainer and metric."""
        found: dict[str, list[tuple[str, Pair]]] = {}
        for one in self._names.values():
            name = " ".join(filter(None, (one.kind[0], one.aim[0])))
            if one.pairs:
                found.setdefault(name, []).extend((one.id, pair) for pair in one.pairs)
        return found

    def before(self, run: RunFolder) -> Before:
        """What had been there when this experiment began."""
        own = self._names.get(run.name)
        if own is None:
            return Before()
        alike = self._alike[own.kind, own.aim]
        earlier = alike.members[: alike.count_before(own.started)]
        return Before(
            rival=alike.best_before(own.started),
            parent=self._parent(own),
            pairs=tuple((one.id, pair) for one in earlier for pair in one.pairs) if own.pairs else (),
            noise=known_noise((one.id, one.noise) for one in earlier),
            rates=tuple(self._rates(own)),
        )

    def _rates(self, own: _Known) -> Iterator[tuple[str, float]]:
        """What was suggested for this trainer on these data."""
        trainer, data = own.kind
        finders = self._kin.get((f"{FIND_LR}{trainer}", data), _Line())
        for one in finders.members[: finders.count_before(own.started)]:
            if one.suggested_lr is not None:
                yield one.id, one.suggested_lr

    def _parent(self, own: _Known) -> Parent | None:
        """The experiment that `--from` named first, else the nearest earlier one of the same trainer and data.

        Nearest is the one whose best trial or baseline differs in the fewest of the settings that this experiment did
        not vary, the latest of equals. What counts of this experiment is its baseline or, without one, its best trial.
        """
        if not own.references:
            return None
        named = [self._ids[name] for name in own.named if name in self._ids]
        kin = self._kin[own.kind]
        earlier = [one for one in kin.members[: kin.count_before(own.started)] if not one.is_rerun]
        nearest: tuple[int, _Known, _Reference] | None = None
        for one in named[:1] or reversed(earlier):
            for reference in one.references:
                differing = dict(own.references[-1].items ^ reference.items)
                distance = sum(name not in own.varied for name in differing)
                if nearest is None or distance < nearest[0]:
                    nearest = distance, one, reference
            if nearest is not None and nearest[0] == 0:
                break
        if nearest is None:
            return None
        _, one, reference = nearest
        best = one.best if one.aim == own.aim else None
        return Parent(one.id, reference.settings, reference.asked, one.varied, best)


def gaps_before(before: Before, pairs: Sequence[Pair]) -> list[float]:
    """The gaps between CV and LB before the newest of an experiment, whose own pairs are these; oldest first."""
    return [pair.gap for pair in [*(pair for _, pair in before.pairs), *pairs][:-1]]


def past_of(logs: Path) -> Past:
    """The past of the experiments in this logs folder."""
    return Past(experiments(logs))


def _known(run: RunFolder) -> _Known:
    summary = read_summary(run, time.time())
    if summary["status"] != "broken" and not isinstance(summary.get("references"), list):
        summary = _renewed(run, summary)
    return _Known(
        name=run.name,
        id=run.id,
        kind=(str(summary.get("trainer") or ""), str(summary.get("data") or "")),
        aim=(str(summary.get("metric") or ""), str(summary.get("goal") or "")),
        status=str(summary["status"]),
        started=summary.get("started") or 0.0,
        varied=frozenset(_texts(summary.get("varied"))),
        is_rerun=bool(summary.get("rerun_of")),
        named=_texts(summary.get("from")) or [str(summary.get("rerun_of") or "").partition("/")[0]],
        best=summary.get("best"),
        references=[reference for one in summary.get("references", ()) for reference in _references(one)],
        pairs=_pairs(summary.get("pairs")),
        noise=noise_from(summary.get("noise")),
        suggested_lr=_positive(summary.get("suggested_lr")),
    )


def _renewed(run: RunFolder, summary: dict[str, Any]) -> dict[str, Any]:
    """The summary of an experiment whose file is of an earlier version, which knew less."""
    try:
        if summary["status"] in LIVE:  # its sweep writes the file
            with Index(run) as index:
                return summarize(run, index.sweep(), index.trials(), time.time())
        return write_summary(run)
    except (FolderError, OSError):
        return summary


def _pairs(known: Any) -> list[Pair]:
    """What the summary, which anybody may have written, has of pairs."""
    try:
        return [Pair(str(trial), float(cv), float(lb)) for trial, cv, lb in known or ()]
    except (TypeError, ValueError):
        return []


def _positive(known: Any) -> float | None:
    return float(known) if isinstance(known, int | float) and known > 0 else None


def _texts(known: Any) -> list[str]:
    return [str(text) for text in known] if isinstance(known, list) else []


def _references(known: Any) -> Iterator[_Reference]:
    settings = known.get("settings") if isinstance(known, dict) else None
    if isinstance(settings, dict):
        items = frozenset((name, exact(value)) for name, value in settings.items() if name not in NO_SETTINGS)
        yield _Reference(settings, frozenset(_texts(known.get("asked"))), items)
