"""What data a sweep ran on, so that a later look can tell whether they are still the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_FILES = 50_000
SMALL = 1 << 26  # bytes in all; so much is read to the last byte


def data_identity(path: Path) -> dict[str, Any]:
    """Path, number of files, bytes, and a digest of what is in them, or of names and sizes where that is too much.

    Empty where there is nothing.
    """
    files = sorted(_files(path))
    if not files:
        return {}
    size = sum(each for _, each in files)
    by_content = size <= SMALL and len(files) < MOST_FILES
    digest = hashlib.sha256()
    for name, each in files:
        digest.update(f"{name}\0{each}\0".encode("utf-8", "surrogateescape"))
        if by_content:
            digest.update(_content(path / name if name else path))
    return {
        "path": str(path),
        "files": len(files),
        "bytes": size,
        "digest": digest.hexdigest()[:16],
        "digest_of": "contents" if by_content else "names and sizes",
        **({"more_files": True} if len(files) == MOST_FILES else {}),
    }


def _files(path: Path) -> Iterator[tuple[str, int]]:
    """Names from the folder on, and sizes."""
    if path.is_file():
        yield "", path.stat().st_size
        return
    count = 0
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if count == MOST_FILES:
                return
            try:
                size = file.stat().st_size
            except OSError:
                continue
            count += 1
            yield str(file.relative_to(path)), size


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""
