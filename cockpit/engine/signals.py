"""Ctrl-C, SIGTERM and the hang-up of the terminal end a sweep cleanly; a second Ctrl-C ends it at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

REASONS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "the terminal hung up"}


@contextmanager
def interruptible(interrupt: Callable[[str], None], *, detached: bool) -> Iterator[None]:
    """Call `interrupt` with the reason when a signal comes. A detached sweep ignores hang-ups."""
    heard: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and signal.SIGINT in heard:
            raise KeyboardInterrupt
        heard.append(number)
        interrupt(REASONS[signal.Signals(number)])

    with kept():
        for number in REASONS:
            signal.signal(number, signal.SIG_IGN if detached and number == signal.SIGHUP else handle)
        yield


@contextmanager
def kept() -> Iterator[None]:
    """Put the handlers back as they are now, whatever is done to them inside."""
    previous = {number: signal.getsignal(number) for number in REASONS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
