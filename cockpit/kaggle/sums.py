"""`SHA256SUMS`: the checksums of the files in a folder, as the `sha256sum` command writes and checks them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from cockpit.store.summary import replace_file

NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def sha256(path: Path) -> str:
    """64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Replace the list of a folder; `sums` has a digest for each name, with `/` between its parts."""
    replace_file(folder / NAME, "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))


def read_sums(path: Path) -> dict[str, str]:
    """The digests by name; lines that are none are passed over. Empty where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {found[2]: found[1] for found in map(_LINE.fullmatch, lines) if found}
