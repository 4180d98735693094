"""What MLflow knows of a run, wherever it keeps it, as items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cockpit.events.text import one_line
from cockpit.importers.beside import plain
from cockpit.importers.contract import Item, Run, RunEnded
from cockpit.importers.series import Point, rows_of
from cockpit.importers.track import Track
from cockpit.importers.values import Number, measured

NAME, NOTE, PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"
STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
# A run that no process works on any more, and that was never ended, was interrupted.
_ENDED = {"FINISHED": "finished", "FAILED": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowRun:
    """A run. Times are milliseconds since 1970; `series` holds (milliseconds, value, step) in the order of writing."""

    id: str
    name: str
    status: str
    started: Number | None
    ended: Number | None
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    series: Mapping[str, Sequence[tuple[Number, Number, int]]]
    parent: str = ""
    experiment: str = ""  # where there are several

    def items(self, metric: str) -> Iterator[Item]:
        """Its beginning, its values, its end. `metric` is what the user asks to rank by."""
        started = seconds(self.started)
        own = {name: value for name, value in self.tags.items() if not name.startswith("mlflow.")}
        config = {name: plain(value) for name, value in self.parameters.items()}
        if self.experiment:
            config["experiment"] = self.experiment
        yield Run(
            key=self.id,
            label=one_line(self.tags.get(NAME) or self.name or self.id),
            config=config | {f"tags.{name}": value for name, value in own.items()},
            note=self.tags.get(NOTE, ""),
            parent=one_line(self.parent),
            started=started,
        )
        track = Track(self.id, metric)
        points = {name: [_point(*value, started) for value in values] for name, values in self.series.items()}
        for row in rows_of(points):
            yield from track.events(row)
        status = _ENDED.get(self.status, "interrupted")
        yield RunEnded(key=self.id, status=status, reason=self.status.lower(), ended=seconds(self.ended))


def _point(at: Number, value: Number, step: int, started: float | None) -> Point:
    when = seconds(at)
    return Point(step, value, None if when is None or started is None else when - started)


def seconds(milliseconds: object) -> float | None:
    """Seconds of milliseconds; None where there are none."""
    found = measured(milliseconds)
    return found / 1000 if found else None
