"""Settings of the rules that compare a trial with others. Iterations are counted in evaluations, from 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cockpit.search.errors import Place
from cockpit.search.values import flag, mapping, number, one_of, only, whole


@dataclass(frozen=True)
class Asha:
    """Rungs at `min_iter`, `min_iter`·`eta`, …; at each, the best 1/`eta` of those that came so far go on."""

    type: ClassVar[str] = "asha"
    min_iter: int = 1
    eta: float = 3.0


@dataclass(frozen=True)
class Median:
    """No stop in the first `grace` evaluations, nor before `min_trials` others came as far."""

    type: ClassVar[str] = "median"
    grace: int = 1
    min_trials: int = 3


@dataclass(frozen=True)
class Hyperband:
    """W&B's rule, in one of its two forms: `min_iter`, or `max_iter` with `s`."""

    type: ClassVar[str] = "hyperband"
    min_iter: int | None = None
    max_iter: int | None = None
    s: int | None = None
    eta: float = 3.0
    strict: bool = True


EarlyTerminate = Asha | Median | Hyperband
TYPES = ("hyperband", "asha", "median")
DEFAULTS: dict[str, EarlyTerminate] = {"asha": Asha(), "median": Median(), "hyperband": Hyperband(min_iter=1)}


def parse_early(place: Place, data: object) -> EarlyTerminate:
    """`early_terminate` of a search file. Raises `SearchError`."""
    body = mapping(place, data)
    if "type" not in body:
        raise place.at("type").error(f"missing; allowed: {', '.join(TYPES)}")
    kind = one_of(place.at("type"), body["type"], TYPES)
    return _PARSERS[kind](place, body)


def early_mapping(early: EarlyTerminate) -> dict[str, Any]:
    """The settings as they stand in a search file."""
    return {"type": early.type} | {key: value for key, value in vars(early).items() if value is not None}


def _asha(place: Place, body: Mapping[str, Any]) -> Asha:
    only(place, body, ("type", "min_iter", "eta"))
    return Asha(_count(place, body, "min_iter", 1), _eta(place, body))


def _median(place: Place, body: Mapping[str, Any]) -> Median:
    only(place, body, ("type", "grace", "min_trials"))
    return Median(_count(place, body, "grace", 1, least=0), _count(place, body, "min_trials", 3))


def _hyperband(place: Place, body: Mapping[str, Any]) -> Hyperband:
    only(place, body, ("type", "min_iter", "max_iter", "s", "eta", "strict"))
    eta, strict = _eta(place, body), flag(place.at("strict"), body.get("strict", True))
    if "min_iter" in body and "max_iter" not in body:
        # W&B takes an s beside it and has no use for it; of min_iter beside max_iter the same is true.
        return Hyperband(min_iter=_count(place, body, "min_iter", 1), eta=eta, strict=strict)
    for key in ("max_iter", "s"):
        if key not in body:
            raise place.at(key).error("missing; hyperband needs min_iter, or max_iter with s")
    max_iter, s = _count(place, body, "max_iter", 1), _count(place, body, "s", 1)
    if max_iter / eta < 1:
        raise place.at("max_iter").error(f"{max_iter} leaves no band: max_iter / eta is below 1")
    return Hyperband(max_iter=max_iter, s=s, eta=eta, strict=strict)


def _count(place: Place, body: Mapping[str, Any], key: str, default: int, least: int = 1) -> int:
    found = whole(place.at(key), body.get(key, default))
    if found < least:
        raise place.at(key).error(f"{found} is below {least}")
    return found


def _eta(place: Place, body: Mapping[str, Any]) -> float:
    eta = number(place.at("eta"), body.get("eta", 3.0))
    if eta <= 1:
        raise place.at("eta").error(f"{eta} is not above 1")
    return float(eta)


_PARSERS: dict[str, Callable[[Place, Mapping[str, Any]], EarlyTerminate]] = {
    "asha": _asha,
    "median": _median,
    "hyperband": _hyperband,
}
