"""Which configuration comes next. One small contract for grids, random points and Optuna's samplers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from cockpit.search import sampling
from cockpit.search.spec import Search

Config = Mapping[str, Any]


class Proposer(Protocol):
    """Proposes configurations and hears what became of them. Trials are known by their ids.

    `propose` returns None when there is nothing left to try. `adopt` tells of a configuration that somebody else chose;
    what becomes of it is a result like any other. `report` passes on evaluations as they come, `tell` the
    end: the best value, or None when the trial has none.
    """

    def propose(self, trial: str) -> Config | None: ...

    def adopt(self, trial: str, config: Config) -> None: ...

    def report(self, trial: str, evaluation: int, value: float) -> None: ...

    def tell(self, trial: str, value: float | None, *, finished: bool) -> None: ...


class ListedProposer:
    """Goes through a sequence of configurations that no result changes."""

    def __init__(self, configs: Iterator[Config]) -> None:
        self._configs = configs

    def propose(self, trial: str) -> Config | None:
        return next(self._configs, None)

    def adopt(self, trial: str, config: Config) -> None:
        pass

    def report(self, trial: str, evaluation: int, value: float) -> None:
        pass

    def tell(self, trial: str, value: float | None, *, finished: bool) -> None:
        pass


def proposer_for(search: Search) -> Proposer:
    """The proposer of a search; its first proposal is the baseline where there is one."""
    if search.method == "bayes":
        from cockpit.engine.optuna_proposer import OptunaProposer

        return OptunaProposer(search)
    return ListedProposer(sampling.proposals(search))
