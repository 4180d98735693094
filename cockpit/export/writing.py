"""Where exports go. Nothing that is there already is replaced unless asked for, and never by a half of something."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from cockpit.export.contract import Format
from cockpit.export.record import Record
from cockpit.store.folder import FolderError


def write(record: Record, form: Format, path: Path, *, force: bool = False) -> None:
    """Export to `path`. Raises `FolderError` where it must not be written or cannot be."""
    try:
        if form.makes_folder(path):
            _write_folder(record, form, path, force)
        else:
            _write_file(record, form, path, force)
    except OSError as error:
        raise FolderError(f"{path}: cannot be written ({error.strerror or error})") from None


def _write_file(record: Record, form: Format, path: Path, force: bool) -> None:
    if path.is_dir():
        raise FolderError(f"{path}: is a folder, and {form.name} is one file; name a file in it")
    if path.exists() and not force:
        raise _exists(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if form.file is not None:
            form.file(record, temporary)
        elif form.text is not None:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                file.writelines(form.text(record))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_folder(record: Record, form: Format, path: Path, force: bool) -> None:
    """Made beside `path` and moved there; of a folder that is there only files of the same names are replaced."""
    assert form.folder is not None  # asked by `makes_folder`
    if path.exists() and not path.is_dir():
        raise FolderError(f"{path}: is a file, and {form.name} makes a folder; name another path")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise _exists(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.absolute().parent) as made:
        form.folder(record, Path(made))
        for file in sorted(Path(made).rglob("*")):
            target = path / file.relative_to(made)
            if file.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(file, target)


def _exists(path: Path) -> FolderError:
    return FolderError(f"{path}: is there already; --force replaces it, or name another path")
