"""One topic's measurements, whatever becomes of them."""

from __future__ import annotations

import importlib
import traceback

from .table import Row

MODULES = {"logging": "log_step"}  # a module called logging would hide Python's own from whoever runs in this folder


def measure(topic: str, quick: bool, *device: str) -> list[Row]:
    """The rows of one topic, which may be one for any `device`; one that breaks keeps no other from being measured."""
    try:
        module = importlib.import_module(f"{__package__}.{MODULES.get(topic, topic)}")
        rows: list[Row] = module.rows(quick, *device)
    except Exception as error:
        traceback.print_exc()
        return [Row(topic, ours=f"broken: {type(error).__name__}")]
    return rows
