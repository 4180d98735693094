"""The first seconds, in which everything is made and nothing is thrown away."""

from __future__ import annotations

import gc
import sys
import threading

FIRST_SECONDS = 2.0
TURN_SECONDS = 0.0005


def make_haste() -> None:
    """Look for no garbage in the first seconds, and let two threads that both want to go on take short turns.

    A query lets the other thread go on at every row and gets its turn back only when that one's is over. Python's own
    turns of 5 ms are for programs in which nobody waits for a key to be obeyed, so they stay short.
    """
    gc.disable()
    sys.setswitchinterval(TURN_SECONDS)
    timer = threading.Timer(FIRST_SECONDS, _rest)
    timer.daemon = True
    timer.start()


def _rest() -> None:
    """Look for garbage again, but not among what is there by now, which is here to stay."""
    gc.freeze()
    gc.enable()
