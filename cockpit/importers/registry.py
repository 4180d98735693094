"""Which formats there are, and which of them a source is in."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from cockpit.importers.contract import HEAD_BYTES, NO, Importer, Source

# Each module of this package with an `IMPORTER`; of two that fit equally well the first one reads.
MODULES: tuple[str, ...] = (
    "exported_json",
    "exported_csv",
    "own_events",
    "tensorboard",
    "wandb",
    "trainer_state",
    "ray_results",
    "ray_printed",
    "trackio_database",
    "mlflow_folder",
    "sacred_folder",
    "mlflow_database",
    "optuna_journal",
    "optuna_database",
    "wandb_chart",
    "wandb_runs",
    "lightning_csv",
    "ultralytics_csv",
    "timm_csv",
    "openmmlab",
    "detectron2_json",
    "delimited",
    "json_lines",
    "json_document",
    "notes",
    "printed",
)


@cache
def importers() -> tuple[Importer, ...]:
    """All of them, in order."""
    return tuple(import_module(f"cockpit.importers.{module}").IMPORTER for module in MODULES)


def open_source(path: Path) -> Source:
    """A file with its beginning, or a folder. Raises `OSError`."""
    if path.is_dir():
        return Source(path)
    with path.open("rb") as file:
        return Source(path, file.read(HEAD_BYTES))


def importer_of(source: Source) -> Importer | None:
    """The importer that the source fits best; None where it fits none."""
    fits = [(importer.fit(source), importer) for importer in importers()]
    best = max((fit for fit, _ in fits), default=NO)
    return next((importer for fit, importer in fits if fit == best), None) if best > NO else None
