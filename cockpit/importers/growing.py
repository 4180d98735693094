"""A file that another program writes: what is new in it, also when it is begun anew, renamed or made again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 20
_HEAD = 256  # bytes by which a file is known that was emptied and filled again between two looks


class Growing:
    """Follows the file at `path`, which need not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._offset = 0
        self._head = b""

    def new(self) -> Iterator[bytes | None]:
        """New bytes in blocks; None where the file begins anew. What was left of a file that is gone comes first."""
        if self._descriptor >= 0:
            if self._is_begun_anew():
                self._offset, self._head = 0, b""
                yield None
            yield from self._rest()
        if self._is_another():
            had_one = self._descriptor >= 0
            if self._open() and had_one:
                yield None
            yield from self._rest()

    def close(self) -> None:
        """Follow it no longer."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False  # it is gone, and what was open of it goes on
        self.close()
        self._descriptor, self._offset, self._head = descriptor, 0, b""
        return True

    def _is_another(self) -> bool:
        try:
            there = self._path.stat()
        except OSError:
            return False
        if self._descriptor < 0:
            return True
        here = os.fstat(self._descriptor)
        return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)

    def _is_begun_anew(self) -> bool:
        if os.fstat(self._descriptor).st_size < self._offset:
            return True
        return os.pread(self._descriptor, len(self._head), 0) != self._head

    def _rest(self) -> Iterator[bytes]:
        while self._descriptor >= 0 and (block := os.pread(self._descriptor, BLOCK, self._offset)):
            self._offset += len(block)
            if len(self._head) < _HEAD:
                self._head = os.pread(self._descriptor, min(_HEAD, self._offset), 0)
            yield block
