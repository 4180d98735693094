"""Where files from outside may lie: below one folder, whatever their names say."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from cockpit.events.text import one_line
from cockpit.kaggle.errors import RefusedError

LONGEST_NAME = 255  # bytes of one part, which is what file systems allow


def inside(folder: Path, name: str) -> Path:
    """The path of a file called `name` in `folder`. Raises `RefusedError` for a name that leads out of it.

    So does one with a backslash, a control character or a part that is too long; links that lie in the folder already
    are followed, and must not lead out of it either.
    """
    parts = PurePosixPath(name).parts
    odd = any(character in name for character in "\\\0\n\r") or one_line(name) != name
    if not parts or name.startswith("/") or ".." in parts or ":" in parts[0] or odd or _is_long(parts):
        raise _leads_out(name)
    path = folder.joinpath(*parts)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _leads_out(name)
    return path


def _is_long(parts: tuple[str, ...]) -> bool:
    return any(len(part.encode("utf-8", "surrogateescape")) > LONGEST_NAME for part in parts)


def _leads_out(name: str) -> RefusedError:
    return RefusedError(f"a file is called {one_line(name, 80)!r}, which is no place in its folder; it was left alone")
