"""What one trial takes of a machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cockpit.search.errors import Place, shown
from cockpit.search.values import LARGEST_WHOLE, mapping, number, only, whole

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


@dataclass(frozen=True)
class Resources:
    """CPU cores, GPUs (fractions share one), TPU chips and bytes of memory per trial; None asks for no memory.

    `processes` work on a trial together, as torchrun's would, each on a GPU of its own where there are any; without it
    there is one for each whole GPU. `price` is what an hour of the whole machine costs, in any currency.
    """

    cpu: float = 1.0
    gpu: float = 0.0
    tpu: float = 0.0
    memory: int | None = None
    processes: int | None = None
    price: float | None = None


def parse_resources(place: Place, data: object) -> Resources:
    """`resources` of a search file. Raises `SearchError`."""
    body = mapping(place, data)
    only(place, body, ("cpu", "gpu", "tpu", "memory", "processes", "price"))
    amounts = {key: _amount(place.at(key), body[key]) for key in ("cpu", "gpu", "tpu") if key in body}
    memory = None if body.get("memory") is None else _bytes(place.at("memory"), body["memory"])
    processes = None if body.get("processes") is None else whole(place.at("processes"), body["processes"])
    if processes is not None and processes < 1:
        raise place.at("processes").error(f"{processes} is below 1")
    price = None if body.get("price") is None else _amount(place.at("price"), body["price"])
    return Resources(memory=memory, processes=processes, price=price, **amounts)


def resources_mapping(resources: Resources) -> dict[str, Any]:
    """The resources as they stand in a search file."""
    return {key: value for key, value in vars(resources).items() if value is not None}


def _amount(place: Place, value: object) -> float:
    found = float(number(place, value))
    if found < 0:
        raise place.error(f"{found:g} is below 0")
    if found > 1 and not found.is_integer() and not place.key.endswith(("cpu", "price")):
        raise place.error(f"{found:g} is neither a fraction of one nor a whole number")
    return found


def _bytes(place: Place, value: object) -> int:
    """A number of bytes, or a text such as 4GB (powers of 1000) or 4GiB (powers of 1024)."""
    amount: float | None = None
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        power = "kmgt".find(match[2].lower()) + 1 if match[2] else 0
        amount = float(match[1]) * (1024 if match[3] else 1000) ** power
    elif not isinstance(value, str):
        amount = float(number(place, value))
    if amount is None or not 1 <= amount <= LARGEST_WHOLE:
        raise place.error(f"{shown(value)} is not an amount of memory; write e.g. 4GB")
    return int(amount)
