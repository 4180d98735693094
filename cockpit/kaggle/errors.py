"""What can go wrong with a call to Kaggle. Every error is one line for people, and says whether it is certain that
nothing was changed over there."""

from __future__ import annotations

from cockpit.events.redaction import redacted
from cockpit.events.text import one_line

LONGEST = 300  # characters kept of what the service says


class KaggleError(Exception):
    """A call failed. `settled` is true where the service has certainly not done what was asked."""

    settled = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(redacted(one_line(message, LONGEST)))
        self.retry_after = retry_after


class NoLoginError(KaggleError):
    """The official client finds no credentials, or the service does not take them."""

    settled = True


class RefusedError(KaggleError):
    """The service understood and said no: a status from 400 to 499, or an error in the answer."""

    settled = True


class NotFoundError(RefusedError):
    """There is no such thing, or it is not ours to see."""


class ThrottledError(KaggleError):
    """Too many calls; `retry_after` is in seconds where the service says it."""

    settled = True


class ServiceError(KaggleError):
    """The service has trouble of its own: a status from 500 on."""


class UnreachableError(KaggleError):
    """The connection could not be made, or broke."""


class LateError(KaggleError):
    """No answer within the time that there was for it."""


class GarbledError(KaggleError):
    """An answer that is none: a page of HTML, half a document, a file of another size."""


class OversizeError(KaggleError):
    """A file is larger than is wanted of it; nothing of it is kept."""

    settled = True


class UnsettledError(KaggleError):
    """Nobody knows whether it was done. Trying again looks first."""


class HelperError(KaggleError):
    """The process with Kaggle's client ended, or could not start."""


OF_HELPER: dict[str, type[KaggleError]] = {
    "login": NoLoginError,
    "refused": RefusedError,
    "missing": NotFoundError,
    "throttled": ThrottledError,
    "service": ServiceError,
    "unreachable": UnreachableError,
    "late": LateError,
    "garbled": GarbledError,
    "oversize": OversizeError,
}


def kind_of_status(status: int) -> str:
    """The name in `OF_HELPER` of the error that an HTTP status stands for."""
    known = {401: "login", 404: "missing", 408: "service", 429: "throttled"}
    return known.get(status) or ("service" if status >= 500 else "refused")
