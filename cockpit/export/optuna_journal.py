"""A journal storage of Optuna, which `optuna-dashboard FILE` opens."""

from __future__ import annotations

from pathlib import Path

from cockpit.export.contract import Format
from cockpit.export.record import Record


def _file(record: Record, path: Path) -> None:
    from cockpit.engine.optuna_storage import write_journal

    write_journal(path, record.run, record.sweep, record.trials)


FORMAT = Format(name="optuna", summary="a journal that optuna-dashboard opens", endings=(".log",), file=_file)
