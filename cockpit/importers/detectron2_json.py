"""`metrics.json` of detectron2: JSON lines by `iteration`, in which results of evaluations stand among the losses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cockpit.importers.beside import about, label_of, settings_beside
from cockpit.importers.contract import NO, SURE, Item, Source
from cockpit.importers.records import Habits, Records, first_records, lines_of

_RESULT = re.compile(r"(?:.*/)?(?:bbox|segm|keypoints|sem_seg|panoptic_seg|box_proposals)/.+|(?:.*/)?AP[\w-]*")


def _is_evaluated(name: str, names: Iterable[str]) -> bool:
    return _RESULT.fullmatch(name) is not None


class Detectron2:
    """The importer."""

    name = "detectron2"
    summary = "metrics.json of detectron2"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        records = first_records(source)
        known = any("iteration" in record and ("data_time" in record or "total_loss" in record) for record in records)
        return SURE if known else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its one run. Raises `OSError`."""
        yield from about(source.path)
        config, unread = settings_beside(source.path, ("config.yaml",))
        yield from unread
        habits = Habits(is_evaluated=_is_evaluated, elapsed=())
        records = Records(first_records(source), label_of(source.path), config, habits, source.metric)
        yield from records.items(lines_of(source))


IMPORTER = Detectron2()
