"""Which formats there are. Each is imported when it is asked for: some bring much with them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from cockpit.export.contract import Format

# Format: its module, which has `FORMAT`.
MODULES = {
    "md": "markdown", "csv": "csv_tables", "parquet": "parquet", "json": "json_document", "html": "html_page",
    "tensorboard": "tensorboard", "latex": "latex", "optuna": "optuna_journal",
}  # fmt: skip
ENDINGS = {
    ".md": "md", ".csv": "csv", ".parquet": "parquet", ".json": "json", ".html": "html", ".htm": "html",
    ".tex": "latex", ".log": "optuna",
}  # fmt: skip


def format_named(name: str) -> Format:
    """The format of this name, one of `MODULES`."""
    found: Format = import_module(f"cockpit.export.{MODULES[name]}").FORMAT
    return found


def name_by_ending(path: Path) -> str | None:
    """The name of the format that a file with this ending is in; None where it tells none."""
    return ENDINGS.get(path.suffix.lower())
