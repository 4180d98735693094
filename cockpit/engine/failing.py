"""What people are told of an exception that ended an attempt."""

from __future__ import annotations

import errno
import traceback

from cockpit.engine.request import Outcome
from cockpit.events.text import one_line, safe_text
from trainers.contract import InputError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def outcome_of(error: BaseException) -> Outcome:
    """How an attempt ended that raised this."""
    text = one_line(f"{type(error).__name__}: {error}", 500)
    details = {}
    if isinstance(error, InputError):
        text, details = one_line(str(error), 500), {"usage": True}
    trace = safe_text("".join(traceback.format_exception(error)))
    if isinstance(error, OSError) and error.errno in _NO_ROOM:  # not its fault, so it can go on some day
        return Outcome("lost", reason=text, error=text, traceback=trace)
    return Outcome("failed", reason=text, error=text, traceback=trace, details=details)
