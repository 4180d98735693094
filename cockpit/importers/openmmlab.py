"""OpenMMLab's JSON lines: `*.log.json` of mmdetection and its family, and `scalars.json` of mmengine.

The older ones say `mode`, `epoch` and an `iter` that begins again with every epoch. In the newer ones a validation has
neither a mode nor an iteration: its `step` is the epoch where the training counts epochs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.importers.beside import about, label_of
from cockpit.importers.contract import NO, SURE, Item, Source, Unread
from cockpit.importers.records import Habits, Record, Records, first_records, lines_of


def _is_evaluated(name: str, names: Iterable[str]) -> bool:
    names = frozenset(names)
    return "iter" not in names and not any("loss" in other for other in names)


def _is_copy(name: str) -> bool:
    return name.endswith("_copypaste")  # the numbers of the same line once more, to be pasted into a table


_HABITS = Habits(is_evaluated=_is_evaluated, skipped=_is_copy, elapsed=())


class OpenMmlab:
    """The importer."""

    name = "openmmlab"
    summary = "*.log.json and scalars.json of mmdetection, mmengine and their family"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        records = first_records(source)
        older = any({"mode", "epoch", "iter"} <= record.keys() for record in records)
        newer = any({"step", "data_time", "time"} <= record.keys() for record in records)
        return SURE if older or newer else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its one run. Raises `OSError`."""
        yield from about(source.path)
        records = Records(first_records(source), label_of(source.path), habits=_HABITS, metric=source.metric)
        yield from records.items(_placed(lines_of(source)))


def _placed(records: Iterable[tuple[int, Record | Unread]]) -> Iterator[tuple[int, Record | Unread]]:
    """The records, validations with the epoch that they call a step."""
    epoch = None
    for line, record in records:
        if isinstance(record, dict):
            if record.get("mode") in ("val", "test"):  # its `iter` counts the batches of the validation
                record = {name: value for name, value in record.items() if name != "iter"}
            epoch = record.get("epoch", epoch)
            if "epoch" not in record and "mode" not in record and record.get("step") == epoch:
                record = {("epoch" if name == "step" else name): value for name, value in record.items()}
        yield line, record


IMPORTER = OpenMmlab()
