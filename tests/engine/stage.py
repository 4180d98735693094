"""A conductor alone on a stage: no processes, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sweeping import events_in, plan_of

from cockpit.engine.conductor import Conductor
from cockpit.engine.proposer import ListedProposer
from cockpit.engine.rebuild import Rebuilt
from cockpit.engine.sweep import population_of
from cockpit.events.kinds import Answered, TrialEnded
from cockpit.events.writer import EventWriter
from cockpit.search.stopping import build_rules
from cockpit.store.folder import RunFolder

E = TypeVar("E")


class Deaf(ListedProposer):
    """Proposes what it was given and remembers what it hears."""

    def __init__(self, configs: Iterator[Mapping[str, Any]]) -> None:
        super().__init__(configs)
        self.told: list[tuple[str, float | None, bool]] = []
        self.adopted: dict[str, Mapping[str, Any]] = {}

    def adopt(self, trial: str, config: Mapping[str, Any]) -> None:
        self.adopted[trial] = config

    def tell(
        self, trial: str, value: float | None, *, finished: bool, values: Mapping[str, float] | None = None
    ) -> None:
        self.told.append((trial, value, finished))


class Stage:
    """A conductor over a folder, its clock standing still unless another one is given."""

    def __init__(
        self, folder: Path, clock: Callable[[], float] = lambda: 5.0, past: Rebuilt | None = None, **keys: Any
    ) -> None:
        plan = plan_of(**{"run_cap": 10, **keys})
        self.run = RunFolder(folder / "exp001-test")
        self.run.trials.mkdir(parents=True)
        self.proposer = Deaf({"x": number / 10} for number in range(100))
        rules = build_rules(plan.search)
        ledger, population = EventWriter(self.run.sweep), population_of(plan, self.run)
        self.conductor = Conductor(
            plan, self.run, ledger, self.proposer, rules, clock, past=past, population=population
        )

    def start(self, digest: str | None = None) -> str:
        request = self.conductor.next_trial()
        assert request is not None
        self.conductor.on_built(request.trial, digest or request.trial, 4)
        return request.trial

    def ended(self) -> list[TrialEnded]:
        return self.events(TrialEnded)

    def answers(self) -> list[Answered]:
        return self.events(Answered)

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in events_in(self.run.sweep) if isinstance(event, kind)]
