"""Optuna's journal: a line for each change of a study or a trial; a torn last line is unread.

The file is gone over twice: once for what studies there are and which of their trials are whose, once for the trials,
each of which is told when it is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.contract import NO, SURE, Item, Lines, Source, Unread
from cockpit.importers.optuna_trials import GOALS, METRIC_NAMES, STATES, Study, Trial, about, items, parameter
from cockpit.importers.records import Record, first_records, lines_of
from cockpit.importers.values import shown

_CREATE_STUDY, _DELETE_STUDY, _STUDY_USER, _STUDY_SYSTEM, _CREATE_TRIAL = range(5)
_PARAMETER, _STATE, _INTERMEDIATE, _TRIAL_USER, _TRIAL_SYSTEM, _DISCARD = range(5, 11)
_OF_STUDIES = (_CREATE_STUDY, _DELETE_STUDY, _STUDY_USER, _STUDY_SYSTEM, _TRIAL_SYSTEM, _DISCARD)


class OptunaJournal:
    """The importer."""

    name = "optuna-journal"
    summary = "the journal file of Optuna"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        records = first_records(source)
        return SURE if records and all({"op_code", "worker_id"} <= record.keys() for record in records[:3]) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """The trials of its studies. Raises `OSError`."""
        studies = _Studies(source)
        present = [study for number, study in studies.known.items() if number not in studies.deleted]
        yield from about(present)
        for number in studies.deleted:
            yield Unread(0, f"study {studies.known[number].name}: deleted, left out")
        replay = _Replay(studies, many=len(present) > 1)
        line = 0
        for line, record in lines_of(source):
            if isinstance(record, Unread):
                yield record
                continue
            try:
                yield from replay.items(line, record)
            except (KeyError, TypeError, ValueError, LookupError, AttributeError):
                yield Unread(line, shown(record))
        yield from replay.rest()
        yield Lines(line)


class _Studies:
    """All studies by their numbers, as the whole journal tells of them."""

    def __init__(self, source: Source) -> None:
        self.known: dict[int, Study] = {}
        self.deleted: set[int] = set()
        for _, record in lines_of(source):
            try:
                self._take(record)
            except (KeyError, TypeError, ValueError, AttributeError):
                continue  # told when the trials are read

    def _take(self, record: Any) -> None:
        operation = record["op_code"]
        if operation == _CREATE_STUDY:
            present = (study.name for number, study in self.known.items() if number not in self.deleted)
            if record["study_name"] not in present:
                goals = [GOALS.get(direction, "") for direction in record["directions"]]
                self.known[len(self.known)] = Study(str(record["study_name"]), goals)
        elif operation == _DELETE_STUDY and record["study_id"] in self.known:
            self.deleted.add(record["study_id"])
        elif operation == _STUDY_SYSTEM and METRIC_NAMES in record["system_attr"]:
            self.known[record["study_id"]].metric_names = [str(name) for name in record["system_attr"][METRIC_NAMES]]


class _Replay:
    """The trials that are not over yet, as far as the journal has been read."""

    def __init__(self, studies: _Studies, many: bool) -> None:
        self._studies = studies
        self._many = many
        self._count = 0
        self._open: dict[int, tuple[int, Trial]] = {}

    def items(self, line: int, record: Record) -> Iterator[Item]:
        """What a line adds: a trial, where it says that it is over."""
        operation = record["op_code"]
        if operation in _OF_STUDIES:
            return
        if operation == _CREATE_TRIAL:
            number = self._create(record)
        elif operation in (_PARAMETER, _STATE, _INTERMEDIATE, _TRIAL_USER):
            number = record["trial_id"]
            if number not in self._open:
                return  # it is over, or its study was deleted before: Optuna takes no notice either
            _change(self._open[number][1], operation, record)
        else:
            yield Unread(line, shown(record))
            return
        if number in self._open and self._open[number][1].is_over:
            yield from self._told(number)

    def rest(self) -> Iterator[Item]:
        """The trials that never ended."""
        for number in tuple(self._open):
            yield from self._told(number)

    def _create(self, record: Record) -> int:
        study = self._studies.known.get(record["study_id"])
        if study is None:
            return -1
        distributions = record.get("distributions") or {}
        values = record.get("values")
        if values is None and record.get("value") is not None:
            values = [record["value"]]
        trial = Trial(
            number=study.trials,
            state=STATES[record.get("state", 0)],
            parameters={n: parameter(v, distributions.get(n)) for n, v in (record.get("params") or {}).items()},
            values=values or (),
            intermediate={int(step): v for step, v in (record.get("intermediate_values") or {}).items()},
            attributes=dict(record.get("user_attrs") or {}),
            began=record.get("datetime_start"),
            ended=record.get("datetime_complete"),
        )
        study.trials += 1
        self._open[self._count] = (record["study_id"], trial)
        self._count += 1
        return self._count - 1

    def _told(self, number: int) -> Iterator[Item]:
        owner, trial = self._open.pop(number)
        study = self._studies.known[owner]
        if owner not in self._studies.deleted:
            yield from items(study, trial, f"{one_line(study.name)} " if self._many else "trial ")


def _change(trial: Trial, operation: int, record: Record) -> None:
    """One change of a trial that is not over. Raises `KeyError` and its like where the line lacks something."""
    if operation == _PARAMETER:
        value = parameter(record["param_value_internal"], record["distribution"])
        trial.parameters[str(record["param_name"])] = value
    elif operation == _INTERMEDIATE:
        trial.intermediate[int(record["step"])] = record["intermediate_value"]
    elif operation == _TRIAL_USER:
        trial.attributes.update(record["user_attr"])
    else:
        trial.state = STATES[record["state"]]
        trial.values = record.get("values") or trial.values
        trial.began = record.get("datetime_start") or trial.began
        trial.ended = record.get("datetime_complete") or trial.ended


IMPORTER = OptunaJournal()
