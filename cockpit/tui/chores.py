"""What is done outside the screen's thread."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable


class Chores:
    """Threads that do one thing each and do not keep the process alive."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[], object], awaited: bool = True) -> None:
        """Do it in a thread, which takes part in what is current here; `finish` waits for it if it is `awaited`."""
        run = contextvars.copy_context().run
        thread = threading.Thread(target=run, args=(work,), name="chore", daemon=True)
        self._threads = [*filter(threading.Thread.is_alive, self._threads), *([thread] if awaited else [])]
        thread.start()

    def finish(self, seconds: float) -> None:
        """Wait until all is done, such as a note that is being saved, but not for ever."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
