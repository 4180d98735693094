"""Draws the pictures of experiments that are over, where what they show is not what the files beside them show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cockpit.diary.plots.data import Pictured, pictured
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.scores import Pair
from cockpit.store.summary import replace_file

MARKS, GAP = ".pictures.json", "cv_lb.png"
STYLE = 1  # counts the changes of how pictures look, after which all are drawn anew
LEAST_TRIALS, LEAST_POINTS = 2, 2


def wanted(run: RunFolder) -> Pictured | None:
    """What an experiment's pictures are to be drawn from; None where they show that already.

    Raises `FolderError` when there is nothing to read.
    """
    found = pictured(run)
    known = _marks(run.path)
    mark = _mark(found.mark)
    shown = all(known.get(name) == mark and (run.path / name).exists() for name in _names(found))
    return None if shown else found


def draw(run: RunFolder, found: Pictured) -> list[Path]:
    """Draw the pictures of an experiment beside its report; return those that there are now.

    Raises `FolderError` when they cannot be written. Brings matplotlib, which takes about half a second once.
    """
    from cockpit.diary.plots.look import png

    drawers = _drawers()
    files = {name: png(drawers[name](found)) for name in _names(found)}
    return _keep(run.path, files, dict.fromkeys(files, _mark(found.mark)))


def draw_gap(logs: Path, aims: Mapping[str, Sequence[tuple[str, Pair]]]) -> list[Path]:
    """Draw CV against LB of all experiments, if there are several that have both and their picture is another one."""
    mark = _mark(hashlib.sha256(repr(aims).encode("utf-8", "surrogateescape")).hexdigest()[:24])
    if sum(map(len, aims.values())) < LEAST_POINTS or (_marks(logs).get(GAP) == mark and (logs / GAP).exists()):
        return []
    from cockpit.diary.plots.gap import gap
    from cockpit.diary.plots.look import png

    return _keep(logs, {GAP: png(gap(aims))}, {GAP: mark})


def _keep(folder: Path, files: Mapping[str, bytes], marks: Mapping[str, str]) -> list[Path]:
    """Write pictures, those that differ, and what they were drawn from."""
    try:
        for name, content in files.items():
            _write(folder / name, content)
        replace_file(folder / MARKS, json.dumps(marks))
    except OSError as error:
        raise FolderError(f"{folder}: cannot write pictures ({error.strerror}); the record is whole") from None
    return [folder / name for name in files]


def _names(found: Pictured) -> list[str]:
    """The pictures that say something about this experiment."""
    names = ["learning_rate.png"] if found.tested else []
    if sum(len(rows) for rows in found.evaluations.values()) >= LEAST_POINTS and found.ranked:
        names.append("curves.png")
    if len(found.ranked) >= LEAST_TRIALS and found.varied:
        names += ["slices.png"] if len(found.varied) == 1 else ["slices.png", "parallel.png"]
    if len(found.importance) > 1:
        names.append("importance.png")
    return names


def _drawers() -> Mapping[str, Callable[[Pictured], Any]]:
    from cockpit.diary.plots.curves import curves
    from cockpit.diary.plots.importance import importance
    from cockpit.diary.plots.learning_rate import learning_rate
    from cockpit.diary.plots.parallel import parallel
    from cockpit.diary.plots.slices import slices

    return {
        "curves.png": curves,
        "slices.png": slices,
        "parallel.png": parallel,
        "importance.png": importance,
        "learning_rate.png": learning_rate,
    }


def _marks(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / MARKS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _mark(of: str) -> str:
    return f"{STYLE}-{of}"


def _write(path: Path, content: bytes) -> None:
    """Write a whole file, where it differs from what is there."""
    if not path.exists() or path.read_bytes() != content:
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_bytes(content)
        temporary.replace(path)
