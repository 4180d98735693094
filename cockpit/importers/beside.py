"""What stands beside a log: the settings of its run, and the name that its folder gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.contract import About, Unread
from cockpit.importers.opened import DocumentError, document
from cockpit.search.errors import SearchError
from cockpit.search.yaml_text import parse

LARGEST = 1 << 22  # bytes of a file of settings

_USUAL = ("hparams.yaml", "args.yaml", "config.yaml", "config.json", "args.json", "params.json")
_COMMON = frozenset((
    "metrics", "results", "summary", "log", "logs", "trainer_state", "all_results", "train_results", "eval_results",
    "history", "result", "progress", "scalars", "stats", "run", "training", "train", "events",
))  # fmt: skip


def label_of(path: Path) -> str:
    """The name of a file's run: its own, or that of its folder where all such files have the same."""
    return one_line(path.absolute().parent.name if _is_common(path) else _stem(path))


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _is_common(path: Path) -> bool:
    return _stem(path).lower() in _COMMON


def about(path: Path) -> Iterator[About]:
    """The name of the folder, for files that all have the same name."""
    if _is_common(path):
        yield About(name=label_of(path))


def settings_beside(path: Path, names: tuple[str, ...]) -> tuple[dict[str, Any], list[Unread]]:
    """The settings in the first of these files that lies beside `path`, and what of it cannot be read."""
    for name in names:
        file = path.parent / name
        if file.is_file():
            return settings_of(file)
    return {}, []


def usual_settings(path: Path) -> tuple[dict[str, Any], list[Unread]]:
    """The settings beside a file that has the name of all such files, and so lies in a folder of its run."""
    return settings_beside(path, _USUAL) if _is_common(path) else ({}, [])


def settings_of(file: Path) -> tuple[dict[str, Any], list[Unread]]:
    """The settings that a YAML or JSON file holds. Raises `OSError`."""
    if file.stat().st_size > LARGEST:
        return {}, [Unread(0, f"{file.name}: too large for settings")]
    try:
        found = document(file) if file.suffix == ".json" else parse(_text(file), file)[0]
    except (DocumentError, SearchError) as error:
        return {}, [Unread(0, f"{file.name}: {one_line(str(error), 200)}")]
    if found is None:
        return {}, []
    if not isinstance(found, dict):
        return {}, [Unread(0, f"{file.name}: no mapping of settings")]
    return {str(key): value for key, value in found.items()}, []


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "backslashreplace")


def plain(value: Any) -> Any:
    """A value of a parameter that was stored as text: `0.001` and `[1, 2]` as what they are, other text as it is."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {"True": True, "False": False, "None": None}.get(value, value)
    return value if isinstance(found, str) else found
