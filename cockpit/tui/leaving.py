"""Signals and terminals that go away: both end the cockpit as `q` does, and sweeps never hear of it."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 1.0  # between two looks whether the terminal is still there
PATIENCE = 5  # seconds from a signal until it is obeyed without the app

KEYBOARD, SCREEN = 0, 1
# Mouse, paste and focus reports off, lines wrap, keys as usual, the screen as it was before, the cursor back.
_RESTORE = b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"


class WayOut:
    """Calls `leave`, in the event loop, when a signal asks for it or the terminal is gone.

    The signals keep their meaning until the process ends: a second one, which shells and SSH servers like to send,
    must not cut off what is still to be tidied up.
    """

    def __init__(self, leave: Callable[[], object]) -> None:
        self._leave = leave
        self._loop: asyncio.AbstractEventLoop | None = None
        self._line = termios.tcgetattr(KEYBOARD)
        self._is_leaving = False

    async def guard(self, running: Awaitable[object]) -> None:
        """Await the app."""
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            signal.signal(number, self._obey)
        signal.signal(signal.SIGALRM, self._give_up)
        looking = asyncio.create_task(self._look_at_terminal())
        try:
            await running
        finally:
            looking.cancel()
            self._loop = None
            signal.alarm(0)

    def _obey(self, number: int, frame: FrameType | None) -> None:
        if self._loop is not None and not self._is_leaving:
            self._is_leaving = True
            self._loop.call_soon_threadsafe(self._leave)
            # A loop that waits for a terminal which takes nothing any more never comes to it.
            signal.alarm(PATIENCE)

    async def _look_at_terminal(self) -> None:
        while has_terminal():
            await asyncio.sleep(LOOK_SECONDS)
        self._leave()

    def _give_up(self, number: int, frame: FrameType | None) -> NoReturn:
        """Give the terminal back without waiting for it, and end."""
        try:
            termios.tcsetattr(KEYBOARD, termios.TCSANOW, self._line)
            os.set_blocking(SCREEN, False)
            os.write(SCREEN, _RESTORE)
            os.set_blocking(SCREEN, True)
        except (OSError, termios.error):
            pass
        os._exit(1)


def has_terminal() -> bool:
    """Whether the terminal is still there."""
    return os.isatty(KEYBOARD)
