"""Settings of population based training (Jaderberg et al. 2017, arXiv:1711.09846), and what it may change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cockpit.search.errors import Place, listed
from cockpit.search.values import mapping, number, only, sequence, text, whole


@dataclass(frozen=True)
class Pbt:
    """Every `interval` evaluations the worst `quantile` of the trials copy trials of the best `quantile`.

    A copied parameter is drawn anew with the probability `resample`, else moved a little. `parameters` are those that
    may change; None stands for the varied ones that the trainer can change while it runs.
    """

    interval: int = 1
    quantile: float = 0.25
    resample: float = 0.25
    parameters: tuple[str, ...] | None = None


class Searched(Protocol):
    """The part of a search that matters here."""

    @property
    def place(self) -> Place: ...
    @property
    def varied(self) -> Mapping[str, Any]: ...
    @property
    def pbt(self) -> Pbt | None: ...


def parse_pbt(place: Place, data: object) -> Pbt:
    """`pbt` of a search file. Raises `SearchError`."""
    body = mapping(place, data)
    only(place, body, ("interval", "quantile", "resample", "parameters"))
    interval = whole(place.at("interval"), body.get("interval", Pbt.interval))
    if interval < 1:
        raise place.at("interval").error(f"{interval} is below 1")
    names = body.get("parameters")
    if names is not None:
        at = place.at("parameters")
        names = tuple(text(at.at(index), name) for index, name in enumerate(sequence(at, names)))
    return Pbt(
        interval,
        _part(place.at("quantile"), body.get("quantile", Pbt.quantile), 0.5),
        _part(place.at("resample"), body.get("resample", Pbt.resample), 1.0),
        names,
    )


def pbt_mapping(settings: Pbt) -> dict[str, Any]:
    """The settings as they stand in a search file."""
    found = {key: value for key, value in vars(settings).items() if value is not None}
    return found | ({} if settings.parameters is None else {"parameters": list(settings.parameters)})


def mutable_parameters(search: Searched, steerable: Collection[str]) -> tuple[str, ...]:
    """The parameters that may change when a trial copies another, in the order of the search.

    They are varied and `steerable`, which a trainer can change while it runs: with another architecture it could not
    even load the copied checkpoint. Raises `SearchError` for others, and where that leaves none.
    """
    settings, at = search.pbt or Pbt(), search.place.at("pbt").at("parameters")
    for name in settings.parameters or ():
        if name not in steerable:
            raise at.error(f"{name} cannot change while a trial runs; allowed: {listed(steerable)}")
    wanted = steerable if settings.parameters is None else settings.parameters
    found = tuple(name for name in search.varied if name in wanted)
    if not found:
        raise at.error(f"nothing to change: vary one of {listed(steerable)}, which can change while a trial runs")
    return found


def _part(place: Place, value: object, most: float) -> float:
    found = float(number(place, value))
    if not 0.0 <= found <= most:
        raise place.error(f"{found:g} is not from 0 to {most:g}")
    return found
