"""Torch's compiler, loaded only by trainings that compile something.

The first optimizer of a process imports `torch._dynamo`, which takes about as long as torch itself, for two functions
that do nothing unless something is being compiled.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

NAME = "torch._dynamo"


def defer() -> None:
    """Puts a stand-in for the compiler in its place, unless it is loaded already."""
    import torch

    if NAME not in sys.modules:
        stand_in = sys.modules[NAME] = _Deferred(NAME)
        torch._dynamo = stand_in


def load() -> None:
    """The compiler itself, in place of the stand-in."""
    if isinstance(sys.modules.get(NAME), _Deferred):
        del sys.modules[NAME]
    importlib.import_module(NAME)


class _Deferred(ModuleType):
    """Answers what optimizers ask of `torch._dynamo`; whatever else is asked for loads it, in this one's place."""

    # Processes that meet have its caches cleared, because they may have been filled too early: there are none yet.
    trace_rules = SimpleNamespace(clear_lru_cache=lambda: None)

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Ends the graph that is being traced. None is."""

    @staticmethod
    def disable(fn: Callable[..., Any] | None = None, *_: Any, **__: Any) -> Callable[..., Any]:
        """The function itself, or a decorator that gives it: no tracer is there to be kept out."""
        return (lambda function: function) if fn is None else fn

    def __getattr__(self, name: str) -> Any:
        if (
            name.startswith("__") and name != "__path__"
        ):  # who looks through all modules, as `inspect` does, wants nothing
            raise AttributeError(name)
        load()
        return getattr(importlib.import_module(NAME), name)
