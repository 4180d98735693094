"""Which tensors of a model are not trained: as events tell it, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOST_NAMES = 5


def frozen_values(names: Sequence[str], of: int) -> dict[str, Any]:
    """What an event says of these tensors, of so many that the model has; it names the first few."""
    return {"tensors": len(names), "of": of, "names": list(names[:MOST_NAMES])}


def frozen_text(tensors: int, of: int, names: Sequence[str]) -> str:
    """`148 of 160 tensors are not trained: encoder.weight, … and 143 more`."""
    more = f" and {tensors - len(names)} more" if tensors > len(names) else ""
    return f"{tensors} of {of} tensors are not trained: {', '.join(names)}{more}"
