"""An index of one's own, for a run folder whose index is not ours to read or write.

A folder that another machine's rsync fills may bring half an index along, and nobody here writes it; one that cannot
be written has none at all. Their index is kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from cockpit.store.beginning import beginning
from cockpit.store.folder import RunFolder


@dataclass(frozen=True)
class MirroredFolder(RunFolder):
    """A run folder whose index is somewhere else."""

    cache: Path

    @property
    def is_mirror(self) -> bool:
        return True

    @property
    def index(self) -> Path:
        return self.cache / "index.db"

    @property
    def index_lock(self) -> Path:
        return self.cache / "index.lock"

    @property
    def importance(self) -> Path:
        return self.cache / "importance.json"


def indexed(run: RunFolder) -> RunFolder:
    """The run folder with an index that this machine keeps: `run` itself, or a mirror of it."""
    if run.is_mirror or _is_indexed_here(run):
        return run
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(str(run.path.resolve()).encode()).hexdigest()[:16]
    cache = base / "cockpit" / "indexes" / f"{run.id}-{name}"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    return MirroredFolder(run.path, cache)


def _is_indexed_here(run: RunFolder) -> bool:
    first = beginning(run)
    is_of_here = first is None or first.host in ("", socket.gethostname())
    return is_of_here and (run.index.exists() or os.access(run.path, os.W_OK))
