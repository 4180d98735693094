"""What the C library does with memory that a program on the processor does not need any more.

By default glibc maps large blocks one by one and gives the free end of its heap back to the system. The tensors of a
training step are as large in every step, so all their pages would be given back, asked for, and filled with zeros again
and again: up to a quarter of a small network's step.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

# Of mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_NEVER = 2**31 - 1
_LARGEST_KEPT = 1 << 30  # bytes of one block


def keep_freed_memory() -> None:
    """From now on freed memory stays with the process, for the next step; blocks of over a gibibyte are given back.

    Does nothing without glibc, or where the environment has settings for its allocator.
    """
    libc = _glibc()
    if libc is not None and not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
        libc.mallopt(_TRIM_THRESHOLD, _NEVER)


def give_freed_memory_back() -> None:
    """What is kept so far goes back to the system."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def _glibc() -> Any:
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
