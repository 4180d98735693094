"""Changes a text file that other programs may be saving at the same moment, and loses nothing of what they write.

Editors know no locks. So the new text is exchanged with the file in one step, and what came out is looked at: it is
what the new text was made from, or somebody saved in between; then it goes back, and the change is made again from it.

What cannot be excluded: a program that read the file before the exchange and saves after it puts its own text in the
place of ours, which the next change mends. What was saved in the microseconds around an exchange is out of sight until
the exchange is undone or the rest carried over, a millisecond at most: who reads the file within that and saves it
again loses what he saved first. Where a file system
cannot exchange files (NFS), or on another system than Linux, what is saved between the last look and the replacement is
lost; and where it knows no leases, so is what a program writes later into a file that it opened before.
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
from functools import cache
from pathlib import Path
from typing import NamedTuple

ATTEMPTS = 50
SETTLES_SECONDS = 2.0  # longer than any program takes to save a text
LOOK_SECONDS = 0.0002
_OPEN = "another program has it open for writing; close it there"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)


def change_file(path: Path, edit: Callable[[bytes], bytes]) -> bool:
    """Replace what a file holds by what `edit` makes of it; return whether that differs.

    `edit` may be called several times. A link leads to where the file really is, and permissions stay. Raises
    `OSError`, also while another program keeps the file open for writing.
    """
    real = path.resolve()
    for _ in range(ATTEMPTS):
        before = _look(real)
        after = edit(before.content)
        if after == before.content:
            return False
        if _replaced(real, before, after):
            return True
    raise OSError(errno.EBUSY, "another program saves it again and again")


class _Look(NamedTuple):
    """What a file held, and which file it was, empty where there was none."""

    content: bytes
    mark: tuple[int, ...]


def _look(path: Path) -> _Look:
    try:
        with path.open("rb") as file:
            mark = _mark(os.fstat(file.fileno()))
            return _Look(file.read(), mark)
    except FileNotFoundError:
        return _Look(b"", ())


def _mark(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_mode


def _replaced(real: Path, before: _Look, after: bytes) -> bool:
    """Put `after` in the place of `before`; False where something else is there by now, which then stays."""
    temporary = real.with_name(f".{real.name}.{os.getpid()}.tmp")
    exchange = _exchanger(temporary, real)
    try:
        _write(temporary, after)
        if not before.mark:
            return _placed(temporary, real)
        temporary.chmod(before.mark[-1] & 0o777)
        if not _is_settled(real):
            raise OSError(errno.EBUSY, _OPEN)
        if _mark(real.stat()) != before.mark:  # nothing may stand between this and the exchange: it takes time
            return False
        if not exchange():
            temporary.replace(real)
            return True
        if _carried_over(temporary, before.content, real):
            return True
        _give_back(exchange, temporary, real, after)
        return False
    except FileNotFoundError:  # somebody has removed it
        return False
    finally:
        temporary.unlink(missing_ok=True)


def _carried_over(old: Path, known: bytes, new: Path) -> bool:
    """Append to the new file what was appended to the old one meanwhile; False where that was changed otherwise.

    Whoever has the old one open for writing is waited for, if it is still as it was.
    """
    if not old.read_bytes().startswith(known) or not _is_settled(old):
        return False
    content = old.read_bytes()
    if content.startswith(known) and len(content) > len(known):
        with new.open("ab") as file:
            file.write(content[len(known) :])
    return content.startswith(known)


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


def _give_back(exchange: Callable[[], bool], theirs: Path, real: Path, ours: bytes) -> None:
    """Undo an exchange. Should somebody have saved upon our text meanwhile, that is kept beside the file."""
    open_elsewhere = not _is_settled(theirs)
    exchange()
    if not _carried_over(theirs, ours, real):
        kept = real.with_name(f"{real.name}.{time.time_ns()}.kept")
        theirs.rename(kept)
        raise OSError(errno.EBUSY, f"two programs saved it at once; the later text is in {kept.name}")
    if open_elsewhere:
        raise OSError(errno.EBUSY, _OPEN)


def _exchanger(one: Path, other: Path) -> Callable[[], bool]:
    """What exchanges two files in one step, and is False where the system cannot do that."""
    first, second, rename = os.fsencode(one), os.fsencode(other), _rename()

    def exchange() -> bool:
        if rename is None:
            return False
        if rename(_HERE, first, _HERE, second, _EXCHANGE) == 0:
            return True
        code = ctypes.get_errno()
        if code in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            return False
        raise OSError(code, os.strerror(code))

    return exchange


@cache
def _rename() -> Callable[..., int] | None:
    """`renameat2(2)`, which Python does not offer; None where there is none."""
    if sys.platform != "linux":
        return None
    try:
        found: Callable[..., int] = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # a C library without it
        return None
    return found


def _is_settled(path: Path) -> bool:
    """Whether nobody has this file open for writing; waits a while for it.

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
