"""Turns the items of one source into the files of a run folder, and knows at the end what the experiment is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.events.kinds import Attempt, Event, SweepEnded, SweepStarted, TrialEnded, TrialStarted
from cockpit.events.redaction import redacted
from cockpit.events.text import one_line, safe_text
from cockpit.importers.contract import (
    About,
    Item,
    Lines,
    Recorded,
    RecordedLines,
    Run,
    RunEnded,
    Scored,
    Unread,
)
from cockpit.importers.record import Record
from cockpit.importers.tally import Tally, choose_metric
from cockpit.search.metric import GOALS, usual_goal
from cockpit.store.rows import IMPORT
from cockpit.store.scores import Score

SHOWN_UNREAD = 20
WHO = "import"  # who entered the scores that a source told


@dataclass(slots=True)
class Trial:
    """One run of the source."""

    id: str
    run: Run
    tally: Tally = field(default_factory=Tally)
    ended: RunEnded | None = None

    @property
    def says_something(self) -> bool:
        """Whether the source has numbers or words about it."""
        return not self.tally.is_empty or bool(self.run.change or self.run.note)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where it comes from: `source` goes into the record as it is, `at` is the time of the file."""

    source: dict[str, Any]
    name: str
    command: str
    at: float


class Recording:
    """Takes items, in order, and writes them into `record`."""

    def __init__(self, record: Record, metric: str = "") -> None:
        self.trials: dict[str, Trial] = {}
        self.unread: list[tuple[int, str]] = []  # the first ones
        self.lines = 0
        self.scores: list[Scored] = []
        self.about = About()
        self._record = record
        self._asked = metric

    @property
    def is_empty(self) -> bool:
        """Whether the source had nothing worth an experiment: no number, and no words about a run."""
        return not self.scores and not any(trial.says_something for trial in self.trials.values())

    def take(self, items: Iterable[Item]) -> None:
        """Record all items. Raises `OSError`."""
        for item in items:
            if isinstance(item, Recorded):
                trial = self._trial(item.key)
                trial.tally.add(item.event)
                self._record.write(trial.id, item.event)
            elif isinstance(item, RecordedLines):
                trial = self._trial(item.key)
                trial.tally.add_lines(item)
                self._record.write_lines(trial.id, item.lines)
            elif isinstance(item, Unread):
                self._keep_unread(item)
            else:
                self._take_rare(item)

    def flush(self) -> None:
        """Let everything be in its file. Raises `OSError`."""
        self._record.flush()

    def _take_rare(self, item: About | Run | RunEnded | Scored | Lines) -> None:
        if isinstance(item, Run):
            self._begin(item)
        elif isinstance(item, RunEnded):
            self._trial(item.key).ended = item
        elif isinstance(item, Scored):
            self.scores.append(item)
        elif isinstance(item, Lines):
            self.lines = item.count
        else:
            self.about = item

    def _keep_unread(self, item: Unread) -> None:
        text = self._record.write_unread(item.line, item.text)
        if len(self.unread) < SHOWN_UNREAD:
            self.unread.append((item.line, text))

    def _trial(self, key: str) -> Trial:
        trial = self.trials.get(key)
        return trial if trial is not None else self._begin(Run(key=key))

    def _begin(self, run: Run) -> Trial:
        known = self.trials.get(run.key)
        if known is not None:
            known.run = run
            return known
        trial = self.trials[run.key] = Trial(f"t{len(self.trials):03d}", run)
        self._record.begin_trial(trial.id)
        if run.device:
            self._record.write(trial.id, Attempt(device=one_line(run.device), at=run.started or 0.0))
        return trial

    @property
    def metric(self) -> str:
        """What ranks the runs: what the user asked for, what the source says, or what most runs have."""
        return self._asked or self.about.metric or choose_metric(trial.tally for trial in self.trials.values())

    @property
    def metrics(self) -> list[str]:
        """What may rank the runs."""
        return list(dict.fromkeys(name for trial in self.trials.values() for name in trial.tally.metrics))

    @property
    def goal(self) -> str:
        """Which way the metric is better."""
        told = self.about.goal if self.about.goal in GOALS and not self._asked else ""
        return told or usual_goal(self.metric)

    def ledger(self, experiment: str, origin: Origin) -> list[Event]:
        """The events of `sweep.jsonl`."""
        begun = self.begun(origin)
        ended = max([begun, *filter(None, (trial.ended.ended for trial in self.trials.values() if trial.ended))])
        events: list[Event] = [self.started(experiment, origin, begun)]
        for trial in self.trials.values():
            events += [trial_started(trial, begun, self.again(trial.run)), trial_ended(trial)]
        # The counts let another import of the same content tell what is in it without reading the record.
        told = {"lines": self.lines, "unread": self._record.unread}
        return [*events, SweepEnded(status="finished", at=ended, extra=told)]

    def again(self, run: Run) -> dict[str, Any]:
        """Whose configuration the run ran once more, where that one is there, as `cockpit.store.runs` wants it."""
        if run.repeat_of in self.trials:
            return {"repeat_of": self.trials[run.repeat_of].id, "repeat": run.number}
        return {"confirms": self.trials[run.confirms].id, "pair": run.number} if run.confirms in self.trials else {}

    def begun(self, origin: Origin) -> float:
        """When it began, as far as anything tells."""
        starts = [trial.run.started for trial in self.trials.values() if trial.run.started is not None]
        told = self.about.at if self.about.at is not None else min(starts, default=None)
        return origin.at if told is None else told

    def started(self, experiment: str, origin: Origin, begun: float) -> SweepStarted:
        """The first event of the ledger."""
        return SweepStarted(
            experiment=experiment,
            search=origin.name,
            question=redacted(safe_text(self.about.question)),
            data=f"of {origin.source['path']}",  # nothing tells whether two logs are of the same data
            engine=IMPORT,
            metric=one_line(self.metric),
            goal=self.goal,
            trials=sum(not self.again(trial.run) for trial in self.trials.values()),
            varied=varied([trial.run.config for trial in self.trials.values() if not self.again(trial.run)]),
            command=origin.command,
            at=begun,
            extra={"source": origin.source, **self._repeated(), **_said(note=redacted(safe_text(self.about.note)))},
        )

    def _repeated(self) -> dict[str, int]:
        """How often the search that is imported ran its configurations, where it says so."""
        told = {"seeds": (self.about.seeds, 1), "confirm": (self.about.confirm, 0)}
        return {name: count for name, (count, usual) in told.items() if count != usual}

    def score_lines(self, origin: Origin) -> list[Score]:
        """The scores of leaderboards that the source told."""
        begun = self.begun(origin)
        return [
            Score(
                value=score.value,
                private=score.private,
                at=begun,
                who=WHO,
                trial=self.trials[score.key].id if score.key in self.trials else "",
                merged=tuple(redacted(one_line(label)) for label in score.merged),
                note=redacted(one_line(score.note)),
            )
            for score in self.scores
        ]


def trial_started(trial: Trial, begun: float, again: Mapping[str, Any]) -> TrialStarted:
    """How the ledger says that the run began; `again` tells of which other one it has the configuration."""
    run = trial.run
    words = {"label": run.label, "change": run.change, "note": run.note, "parent": run.parent}
    return TrialStarted(
        trial=trial.id,
        config=dict(run.config),
        seed=run.seed,
        at=begun if run.started is None else run.started,
        baseline=run.baseline,
        extra={**_said(**words), **again},
    )


def _said(**texts: str) -> dict[str, str]:
    """What was said at all."""
    return {name: text for name, text in texts.items() if text}


def trial_ended(trial: Trial) -> TrialEnded:
    """How the ledger says that the run ended."""
    ended = trial.ended or RunEnded(key=trial.run.key)
    tally = trial.tally
    return TrialEnded(
        trial=trial.id,
        status=ended.status,
        reason=ended.reason,
        error=ended.error,
        at=math.nan if ended.ended is None else ended.ended,  # how long it took is not known
        extra={"steps": tally.steps, "evaluations": tally.evaluations, "norms": tally.norms},
    )


def varied(configs: list[Any]) -> list[str]:
    """The settings of which runs say different values: what a run does not say may well have been the same."""
    names = dict.fromkeys(name for config in configs for name in config)
    return [
        one_line(str(name))
        for name in names
        if len({json.dumps(config[name], sort_keys=True, default=str) for config in configs if name in config}) > 1
    ]
