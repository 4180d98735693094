"""Which event files of a folder are of one run. TensorBoard itself knows folders only, and programs use them in ways.

Each folder is a run, but `train/` and `validation/` (Keras) and `loss_val/` beside files (`add_scalars` of PyTorch) are
phases of the run above, and so is a folder named by a time (`add_hparams` of PyTorch), which has its configuration.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.importers.contract import Source
from cockpit.printed.names import is_phase, phase_of, split_phase

MARK = "tfevents"
DEEPEST = 8  # folders below the source
MOST_ENTRIES = 200_000

_MADE_AT = re.compile(r"tfevents\.(\d{1,12})")
_TIME = re.compile(r"\d{9,11}(?:\.\d+)?\Z")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class EventFile:
    """`phase` is that of its folder, empty where the folder tells none."""

    path: Path
    phase: str = ""


@dataclass(slots=True)
class RunFiles:
    """The files of one run, in the order of time. `key` is its folder below the source."""

    key: str
    label: str
    files: list[EventFile] = field(default_factory=list)


def runs_in(source: Source) -> list[RunFiles]:
    """The runs of a source, in the order of their names with numbers by their size. Raises `OSError`."""
    path = source.path
    if not source.is_folder:
        return [RunFiles(".", path.absolute().parent.name, [EventFile(path)])]
    found: dict[str, RunFiles] = {}
    folders = dict(event_files(path))
    for folder, names in folders.items():
        run, phase = _run_of(folder, folders, path.absolute().name)
        label = run if run != "." else path.absolute().name
        files = [EventFile(path / folder / name, phase) for name in sorted(names, key=_age)]
        found.setdefault(run, RunFiles(run, label)).files.extend(files)
    return sorted(found.values(), key=lambda run: _natural(run.key))


def event_files(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Folders below `path` that have event files, and their names. Links are not followed; never raises."""
    entries = 0
    for folder, inner, names in os.walk(path):
        below = Path(folder).relative_to(path)
        inner.sort()
        entries += len(names) + len(inner)
        if entries > MOST_ENTRIES:
            return
        if len(below.parts) >= DEEPEST:
            inner.clear()
        if found := [name for name in names if MARK in name]:
            yield below.as_posix(), found


def _run_of(folder: str, known: Collection[str], top: str) -> tuple[str, str]:
    """The run that a folder belongs to, and the phase that it stands for. `top` is what the source is called."""
    if folder == ".":
        return folder, phase_of(top) if is_phase(top) else ""
    above, _, name = folder.rpartition("/")
    above = above or "."
    if is_phase(name):
        return above, phase_of(name)
    phase, bare = split_phase(name)
    if above in known and _TIME.match(name):
        return above, ""
    if above in known and phase is not None and name.startswith(bare):
        return above, phase
    return folder, ""


def _age(name: str) -> tuple[int, str]:
    made = _MADE_AT.search(name)
    return (int(made[1]) if made else 0, name)


def _natural(text: str) -> list[tuple[int, int | str]]:
    """`version_9` before `version_10`."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in _DIGITS.split(text)]
