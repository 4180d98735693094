"""Files that say something for as long as their process lives, in a folder that only this user can read.

The lock of such a file is the kernel's (`flock`), so it is gone the moment its process is, however that ended. What is
left of the file then counts for nothing and is swept away by whoever looks next.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cockpit.store.folder import FolderError

VARIABLE = "COCKPIT_STATE"
SHARED_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse.sshfs", "lustre", "gpfs", "beegfs", "ceph")
SUFFIX = ".json"
LARGEST = 1 << 16  # bytes of such a file


def private_folder(name: str) -> Path:
    """The folder of this user on this machine for one purpose. Raises `FolderError` when it is not ours alone.

    `$COCKPIT_STATE` if it is set, else the user's state folder; not `$XDG_RUNTIME_DIR`, which is removed at logout
    while detached sweeps go on, and is not set everywhere. A home on a network file system gives way to the temporary
    folder.
    """
    base = _base()
    folder = base / socket.gethostname() / name
    try:
        for part in (base, folder.parent, folder):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
            if part.stat().st_uid != os.getuid():
                raise FolderError(f"{part}: belongs to somebody else; set ${VARIABLE} to a folder of your own")
        folder.chmod(0o700)
    except OSError as error:
        why = error.strerror or error
        raise FolderError(f"{folder}: cannot be used ({why}); set ${VARIABLE} to a folder that can") from None
    return folder


def _base() -> Path:
    if given := os.environ.get(VARIABLE):
        return Path(given)
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    if _is_shared(state):
        return Path(tempfile.gettempdir()) / f"cockpit-{os.getuid()}"
    return state / "cockpit" / "machine"


def _is_shared(path: Path) -> bool:
    """Whether the path is on a file system of several machines, whose locks are slow and may outlive their process."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    kinds = {mount: kind for _, mount, kind, *_ in (line.split() for line in lines if line.count(" ") > 2)}
    path = path.absolute()
    nearest = next((kinds[str(part)] for part in (path, *path.parents) if str(part) in kinds), "")
    return nearest.startswith(SHARED_FILE_SYSTEMS)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """One process at a time; for moments only. `HeldFile` and `held` of this folder are used inside."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class HeldFile:
    """A small JSON file that counts as long as this object is open and its process lives."""

    def __init__(self, folder: Path, name: str, facts: Mapping[str, Any]) -> None:
        self.path = folder / f"{name}{SUFFIX}"
        # Programs that this process starts do not get the descriptor, or the lock would live as long as they do.
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.say(facts)

    def say(self, facts: Mapping[str, Any]) -> None:
        """Say something else from now on."""
        text = json.dumps(dict(facts)).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)

    def close(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def held(folder: Path) -> dict[str, dict[str, Any]]:
    """What the files say whose processes live, by name in order; the others are removed."""
    found = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        facts = _read(path)
        if facts is None:
            path.unlink(missing_ok=True)
        else:
            found[path.stem] = facts
    return found


def _read(path: Path) -> dict[str, Any] | None:
    """The facts of one file; None when nobody holds it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        pass
    finally:
        data = os.pread(descriptor, LARGEST, 0)
        os.close(descriptor)
    try:
        facts = json.loads(data)
    except ValueError:
        return {}  # held all the same
    return facts if isinstance(facts, dict) else {}
