"""Asking what may not answer: in a thread of its own, one look at a time, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Rows = TypeVar("Rows")
PATIENCE = 5.0  # seconds without an answer until that is said


class Patient(Generic[Rows]):
    """Keeps the newest look. `look` never raises; `whom` is who is asked, as in "the NVIDIA driver".

    Between two looks at least `every` seconds pass, where they cost more than a call.
    """

    def __init__(self, whom: str, look: Callable[[], tuple[Rows, str]], nothing: Rows, every: float = 0.0) -> None:
        self._whom = whom
        self._look = look
        self._nothing = nothing
        self._every = every
        self._newest: tuple[Rows, str] = (nothing, f"asking {whom}")
        self._thread: threading.Thread | None = None
        self._began = 0.0

    def read(self) -> tuple[Rows, str]:
        """The newest look that is complete, and why it shows nothing; it begins the next one."""
        if self._thread is not None and self._thread.is_alive():
            waited = time.monotonic() - self._began
            if waited > PATIENCE:
                return self._nothing, f"{self._whom} has not answered for {waited:.0f} s"
            return self._newest
        newest = self._newest
        if self._thread is not None and time.monotonic() - self._began < self._every:
            return newest
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._keep_look, name="machine", daemon=True)
        self._thread.start()
        return newest

    def _keep_look(self) -> None:
        self._newest = self._look()
