"""Optuna's SQLite storage, of the versions whose values have a type beside them, and of earlier ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.contract import Item
from cockpit.importers.database import Database, DatabaseImporter
from cockpit.importers.opened import DocumentError, parsed
from cockpit.importers.optuna_trials import METRIC_NAMES, Study, Trial, about, items, parameter
from cockpit.importers.values import count

_TABLES = {
    "studies": frozenset(("study_id", "study_name")),
    "study_directions": frozenset(("study_id", "direction", "objective")),
    "trials": frozenset(("trial_id", "number", "study_id", "state")),
    "trial_params": frozenset(("trial_id", "param_name", "param_value", "distribution_json")),
    "trial_values": frozenset(("trial_id", "objective", "value")),
    "trial_intermediate_values": frozenset(("trial_id", "step", "intermediate_value")),
}
_NOT_FINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}


def _studies(database: Database, _metric: str) -> Iterator[Item]:
    studies = {
        number: Study(str(name), _goals(database, number), _metric_names(database, number))
        for number, name in database.rows("SELECT study_id, study_name FROM studies ORDER BY study_id")
    }
    yield from about(list(studies.values()))
    for number, study in studies.items():
        prefix = f"{one_line(study.name)} " if len(studies) > 1 else "trial "
        for trial in _trials(database, number):
            yield from items(study, trial, prefix)


def _goals(database: Database, study: int) -> list[str]:
    rows = database.rows("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", (study,))
    return [str(direction).lower() if direction != "NOT_SET" else "" for (direction,) in rows]


def _metric_names(database: Database, study: int) -> list[str]:
    if "study_system_attributes" not in database.tables():
        return []
    query = "SELECT value_json FROM study_system_attributes WHERE study_id = ? AND key = ?"
    found = next((_json(text) for (text,) in database.rows(query, (study, METRIC_NAMES))), None)
    return [str(name) for name in found] if isinstance(found, list) else []


def _trials(database: Database, study: int) -> Iterator[Trial]:
    columns = database.tables()
    rows = database.rows(
        "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials WHERE study_id = ? "
        "ORDER BY number, trial_id",
        (study,),
    )
    kind = "value_type" if "value_type" in columns["trial_values"] else "NULL"
    between = "intermediate_value_type"
    between = between if between in columns["trial_intermediate_values"] else "NULL"
    for key, number, state, began, ended in rows:
        yield Trial(
            number=number,
            state=str(state),
            parameters={
                str(name): parameter(value, distribution)
                for name, value, distribution in database.rows(
                    "SELECT param_name, param_value, distribution_json FROM trial_params WHERE trial_id = ? "
                    "ORDER BY param_id",
                    (key,),
                )
            },
            values=[
                _NOT_FINITE.get(of_type, value)
                for value, of_type in database.rows(
                    f"SELECT value, {kind} FROM trial_values WHERE trial_id = ? ORDER BY objective", (key,)
                )
            ],
            intermediate={
                count(step) or 0: _NOT_FINITE.get(of_type, value)
                for step, value, of_type in database.rows(
                    f"SELECT step, intermediate_value, {between} FROM trial_intermediate_values WHERE trial_id = ?",
                    (key,),
                )
            },
            attributes=_attributes(database, key),
            began=began,
            ended=ended,
        )


def _attributes(database: Database, trial: int) -> dict[str, Any]:
    rows = database.rows("SELECT key, value_json FROM trial_user_attributes WHERE trial_id = ?", (trial,))
    return {str(key): _json(text) for key, text in rows}


def _json(text: Any) -> Any:
    try:
        return parsed(text) if isinstance(text, str | bytes) else text
    except DocumentError:
        return str(text)


IMPORTER = DatabaseImporter("optuna-sqlite", "the SQLite storage of Optuna", _TABLES, _studies)
