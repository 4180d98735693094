"""Changes a text file that other programs may be saving at the same moment, and loses nothing of what they write.

Editors know no locks. So the new text is exchanged with the file in one step, and what came out is looked at: it is
what the new text was made from, or somebody saved in between; then it goes back, and the change is made again from it.

What cannot be excluded: a program that read the file before the exchange and saves after it puts its own text in the
place of ours, which the next change mends. Where a file system cannot exchange files (NFS), or on another system than
Linux, the time between a last look and the replacement, some microseconds, is not covered; and where it knows no
leases, nor is a program that opened the file before the exchange and writes into it later.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ATTEMPTS = 50
SETTLES_SECONDS = 2.0  # longer than any program takes to save a text
LOOK_SECONDS = 0.005
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)


def change_file(path: Path, edit: Callable[[bytes], bytes]) -> bool:
    """Replace what a file holds by what `edit` makes of it; return whether that differs.

    `edit` may be called several times. A link leads to where the file really is, and permissions stay. Raises
    `OSError`, also while another program keeps the file open for writing.
    """
    real = path.resolve()
    for _ in range(ATTEMPTS):
        before = _content(real)
        after = edit(before or b"")
        if after == (before or b""):
            return False
        if _replaced(real, before, after):
            return True
    raise OSError(errno.EBUSY, "another program saves it again and again")


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _replaced(real: Path, before: bytes | None, after: bytes) -> bool:
    """Put `after` in the place of `before`; False where something else is there by now, which then stays."""
    temporary = real.with_name(f".{real.name}.{os.getpid()}.tmp")
    try:
        _write(temporary, after)
        if before is None:
            return _placed(temporary, real)
        temporary.chmod(real.stat().st_mode & 0o777)
        if _content(real) != before:
            return False
        if not _exchanged(temporary, real):
            temporary.replace(real)
            return True
        settled = _is_settled(temporary)
        if settled and _content(temporary) == before:
            return True
        _give_back(temporary, real, after)
    finally:
        temporary.unlink(missing_ok=True)
    if not settled:
        raise OSError(errno.EBUSY, "another program has it open for writing; close it there")
    return False


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # or a machine that fails now has an empty file under the old name


def _placed(temporary: Path, real: Path) -> bool:
    """Give a file its name where that is free."""
    try:
        real.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        temporary.replace(real)
    return True


def _give_back(theirs: Path, real: Path, ours: bytes) -> None:
    """Undo an exchange. Should somebody have saved upon our text meanwhile, that is kept beside the file."""
    _exchanged(theirs, real)
    if _content(theirs) != ours:
        kept = real.with_name(f"{real.name}.{time.time_ns()}.kept")
        theirs.rename(kept)
        raise OSError(errno.EBUSY, f"two programs saved it at once; the later text is in {kept.name}")


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two files in one step; False where the system cannot do that."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # a C library without it
        return False
    if rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    raise OSError(code, os.strerror(code))


def _is_settled(path: Path) -> bool:
    """Whether nobody has this file, which no name leads to any more but ours, open for writing; waits a while for it.

    The kernel grants a read lease exactly then. True where it knows no leases for this file.
    """
    if sys.platform != "linux":
        return True
    deadline = time.monotonic() + SETTLES_SECONDS
    with path.open("rb") as file:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # what breaks a lease; it is passed over by default
        while True:
            try:
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
                return True
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
