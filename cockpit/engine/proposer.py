"""Which configuration comes next. One small contract for grids, random points and Optuna's samplers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol

from cockpit.engine.past import Past
from cockpit.search import sampling
from cockpit.search.spec import Search
from cockpit.search.values import identity

Config = Mapping[str, Any]


class Proposer(Protocol):
    """Proposes configurations and hears what became of them. Trials are known by their ids.

    `recall` comes before everything else: first the trials of other experiments, then the own ones of an earlier life,
    in the order in which they began. A proposer that recalls its own trials goes on where it was.

    `propose` returns None when there is nothing left to try. `adopt` tells of a configuration that somebody else chose;
    what becomes of it is a result like any other. `report` passes on evaluations as they come, `tell` the
    end: the best value, or None when the trial has none. `values` are all metrics at the evaluation that was best, as
    tables show them; a search with several metrics needs them.
    """

    def recall(self, past: Past) -> None: ...

    def propose(self, trial: str) -> Config | None: ...

    def adopt(self, trial: str, config: Config) -> None: ...

    def report(self, trial: str, evaluation: int, value: float) -> None: ...

    def tell(
        self, trial: str, value: float | None, *, finished: bool, values: Mapping[str, float] | None = None
    ) -> None: ...


class ListedProposer:
    """Goes through a sequence of configurations that no result changes.

    `done` is filled with the identities of what other experiments have tried; the sequence may look into it.
    """

    def __init__(self, configs: Iterator[Config], done: set[object] | None = None) -> None:
        self._configs = configs
        self._done = done

    def recall(self, past: Past) -> None:
        if past.origin == "proposed":
            next(self._configs, None)
        elif past.origin == "elsewhere" and self._done is not None and past.state in ("complete", "pruned"):
            self._done.add(identity(past.config))

    def propose(self, trial: str) -> Config | None:
        return next(self._configs, None)

    def adopt(self, trial: str, config: Config) -> None:
        pass

    def report(self, trial: str, evaluation: int, value: float) -> None:
        pass

    def tell(
        self, trial: str, value: float | None, *, finished: bool, values: Mapping[str, float] | None = None
    ) -> None:
        pass


class LateProposer:
    """A proposer that is made when it is first needed.

    Optuna takes a second to import, in which the warm parent may import what trials need.
    """

    def __init__(self, make: Callable[[], Proposer]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Proposer:
        return self._make()

    def recall(self, past: Past) -> None:
        self._made.recall(past)

    def propose(self, trial: str) -> Config | None:
        return self._made.propose(trial)

    def adopt(self, trial: str, config: Config) -> None:
        self._made.adopt(trial, config)

    def report(self, trial: str, evaluation: int, value: float) -> None:
        self._made.report(trial, evaluation, value)

    def tell(
        self, trial: str, value: float | None, *, finished: bool, values: Mapping[str, float] | None = None
    ) -> None:
        self._made.tell(trial, value, finished=finished, values=values)


def proposer_for(search: Search) -> Proposer:
    """The proposer of a search; its first proposals are the baseline, where there is one, and the initial points."""
    if search.method == "bayes":
        from cockpit.engine.optuna_proposer import OptunaProposer

        return OptunaProposer(search)
    if search.method == "random":
        return ListedProposer(sampling.proposals(search))
    done: set[object] = set()
    return ListedProposer(sampling.proposals(search, done), done)
