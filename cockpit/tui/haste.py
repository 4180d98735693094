"""The first second, in which everything is made and nothing is thrown away."""

from __future__ import annotations

import gc
import sys

TURN_SECONDS = 0.0005


def make_haste() -> None:
    """Look for no garbage until `rest`, and let two threads that both want to go on take quick turns.

    A query lets the other thread go on at every row, and would have it back only after a turn: Python's own, of 5 ms,
    are for programs in which nobody waits for a key to be obeyed. They stay short.
    """
    gc.disable()
    sys.setswitchinterval(TURN_SECONDS)


def rest() -> None:
    """Look for garbage again; what is there by now stays, so it is not looked through any more."""
    gc.collect(1)
    gc.freeze()
    gc.enable()
