"""Batches made ahead of time in a thread, while the device is at work on those before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_END = object()
# Seconds after which a thread that nobody takes batches from looks whether it is still needed.
_LOOK = 0.1


def made_ahead(batches: Iterable[Any], ahead: int, begin: Callable[[], object] = lambda: None) -> Iterator[Any]:
    """The same batches in the same order, up to `ahead` of them ready before they are asked for; 0 makes none ahead.

    numpy and torch let other threads run while they compute, so a thread is enough for batches that are made of
    arrays, and it shares caches with the rest of the process. An error while making a batch is raised where that batch
    is taken. The thread calls `begin` first, and ends with the pass, also with one that is left early.
    """
    return _from_thread(batches, ahead, begin) if ahead else iter(batches)


def _from_thread(batches: Iterable[Any], ahead: int, begin: Callable[[], object]) -> Iterator[Any]:
    ready: queue.Queue[Any] = queue.Queue(ahead)
    left = threading.Event()
    thread = threading.Thread(target=_make, args=(batches, ready, left, begin), name="prefetch", daemon=True)
    thread.start()
    try:
        while (made := ready.get()) is not _END:
            if isinstance(made, BaseException):
                raise made
            yield made
    finally:
        left.set()
        thread.join()


def _make(batches: Iterable[Any], ready: queue.Queue[Any], left: threading.Event, begin: Callable[[], object]) -> None:
    try:
        begin()
        for batch in batches:
            _hand_over(batch, ready, left)
            if left.is_set():
                return
        _hand_over(_END, ready, left)
    except BaseException as error:
        _hand_over(error, ready, left)


def _hand_over(made: Any, ready: queue.Queue[Any], left: threading.Event) -> None:
    while not left.is_set():
        try:
            ready.put(made, timeout=_LOOK)
            return
        except queue.Full:
            continue
