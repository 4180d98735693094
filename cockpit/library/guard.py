"""Recording never ends a training: whatever goes wrong in it is said once on standard error."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

from cockpit.events.text import one_line

_MOST_COMPLAINTS = 20
_told: set[str] = set()

Arguments = ParamSpec("Arguments")


def complain(text: str) -> None:
    """Say it on standard error, each text once and not more than a few in all."""
    if text in _told or len(_told) >= _MOST_COMPLAINTS:
        return
    _told.add(text)
    try:
        print(f"cockpit: {one_line(text, 300)}", file=sys.stderr)
    except (OSError, ValueError):
        pass  # standard error is closed, or on the disk that is full


def never_raises(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """`function`, whose exceptions become complaints. Interrupts and exits pass."""

    @functools.wraps(function)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except Exception as error:
            complain(f"{function.__name__} failed ({type(error).__name__}: {_text(error)}); training goes on")

    return guarded


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception:
        return "no message"
