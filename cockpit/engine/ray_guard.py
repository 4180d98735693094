"""A private folder for Ray that is removed, with every process in it, however the sweep ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.engine import ray_watchdog

PREFIX = "cockpit-ray-"
# The names of Ray's Unix sockets have 64 characters after its folder; 103 in all is what every system allows.
LONGEST = 103 - 64
# Runs the words after it as nobody's child. What a shell puts into the background loses its standard input otherwise.
LET_GO = ("/bin/sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh")


@contextmanager
def guarded_folder(package: Path, *, in_a_worker: bool = False) -> Iterator[Path]:
    """A folder that only this user can enter. `package` is where Ray is installed, by which its processes are known.

    A watchdog stands by from before the folder is used until it is gone. It outlives this process when that is killed,
    ends the processes of a Ray whose temporary folder is in this one, and removes it. A worker of Ray that ends kills
    its children, so `in_a_worker` the watchdog is none.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parent()))  # mkdtemp makes it 0700
    reader, writer = os.pipe()  # no process that is started from here on inherits an end of it
    command = [sys.executable, "-I", "-S", ray_watchdog.__file__, str(folder), str(package)]
    try:
        watchdog = subprocess.Popen(
            [*LET_GO, *command] if in_a_worker else command,
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    finally:
        os.close(reader)
    try:
        yield folder
    finally:
        # Ray's shutdown ends its processes, and one that failed half-way through its start does not.
        ray_watchdog.end(str(folder), str(package))
        shutil.rmtree(folder, ignore_errors=True)
        try:
            os.write(writer, ray_watchdog.DONE)
        except BrokenPipeError:
            pass  # somebody has ended the watchdog
        os.close(writer)
        watchdog.wait()


def left_folders() -> list[Path]:
    """Folders of this kind that nobody removed, because sweep and watchdog were killed together."""
    here = [
        folder for folder in _parent().glob(f"{PREFIX}*") if folder.is_dir() and folder.stat().st_uid == os.getuid()
    ]
    return [folder for folder in here if not _has_watchdog(folder)]


def _has_watchdog(folder: Path) -> bool:
    watched = os.fsencode(ray_watchdog.__file__) + b"\0" + os.fsencode(folder) + b"\0"
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if watched in command.read_bytes():
                return True
        except OSError:
            continue  # gone meanwhile
    return False


def _parent() -> Path:
    """The folder for temporary files, or /tmp where that one's path is too long for Ray."""
    usual = Path(tempfile.gettempdir())
    length = len(str(usual / PREFIX)) + len("abcdefgh/r")
    return usual if length <= LONGEST or not os.access("/tmp", os.W_OK) else Path("/tmp")
