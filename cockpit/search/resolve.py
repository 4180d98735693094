"""Which trainer a search runs."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.search.errors import closest, listed
from cockpit.search.spec import Search


def resolve_trainer(search: Search, known: Collection[str]) -> str:
    """The name of the trainer, one of `known`. Raises `SearchError` for an unknown one.

    A search that runs a program has none; whoever asks for it then gets a `ValueError`.
    """
    if search.trainer is None:
        raise ValueError(f"{search.name} runs a program, not a trainer")
    # A dotted name is a module outside the registry, and one with a colon is made of another trainer.
    if search.trainer not in known and not {".", ":"} & set(search.trainer):
        hint = closest(search.trainer, known)
        raise search.place.at("trainer").error(f"{search.trainer} is not known{hint}; allowed: {listed(known)}")
    return search.trainer
