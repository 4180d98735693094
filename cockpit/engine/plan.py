"""A search made ready to run: checked against its work, its data and this machine, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit.engine.machine import NoRoomError, Share, cores, gpu_ids, share
from cockpit.engine.proposer import proposer_for
from cockpit.engine.work import Work, work_of
from cockpit.search import sampling
from cockpit.search.errors import SearchError
from cockpit.search.metric import Metric
from cockpit.search.spec import Search
from trainers.contract import InputError

NOT_RUN_HERE = {"scheduler": ("pbt",), "sampler": ("cmaes",)}


@dataclass(frozen=True)
class Plan:
    """What will be run. `work` is what a trial does, `shared` the same for every trial."""

    search: Search
    work: Work
    metric: Metric
    share: Share
    device: str
    shared: Mapping[str, Any]

    @property
    def total(self) -> int | None:
        """How many trials there will be; None when nothing ends the search but the user."""
        return sampling.count(self.search)

    @property
    def preload(self) -> tuple[str, ...]:
        """Modules for the warm parent."""
        return self.work.preload

    def trial_config(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        """The whole configuration of one trial."""
        return self.work.trial_config(proposal, self.search.seed, self.shared)

    def seed_of(self, proposal: Mapping[str, Any]) -> int:
        """The seed of one trial."""
        return self.work.seed_of(proposal, self.search.seed)

    def completed(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration that somebody chose, made whole with the search's constants and the baseline.

        Raises `InputError` for what the work would not take, and for parameters that are still missing.
        """
        chosen = {name: self.work.value_of(name, value) for name, value in settings.items()}
        config = {**self.search.fixed, **self.search.baseline, **chosen}
        missing = [name for name in self.search.varied if name not in config]
        if missing:
            raise InputError(f"{', '.join(missing)}: missing, and no baseline to take it from; add {missing[0]}=VALUE")
        self.work.check_config(self.trial_config(config))
        return dict(sorted(config.items()))

    def first_configs(self, count: int) -> list[dict[str, Any]]:
        """The configurations of the first trials, as far as they do not depend on results."""
        proposer = proposer_for(self.search)
        proposals = (proposer.propose(f"t{number:03d}") for number in range(count))
        return [dict(proposal) for proposal in proposals if proposal is not None]


def make_plan(search: Search, device: str = "auto", data: Path | None = None) -> Plan:
    """Check everything that can be known now. Raises `SearchError` for the search and `InputError` for the data."""
    work = work_of(search, Path.cwd())
    search, metric = work.settle(search)
    _check_it_is_run_here(search)
    if sampling.count(search) == 0:
        raise SearchError("no trials to run; give --trials 1 or more", search.path)
    if data is not None and search.trainer is None:
        raise InputError("--data: a program gets its data by a parameter of its own; write --set NAME=DIR")
    shared = {} if data is None else {"data": str(data.resolve())}
    try:
        machine_share = share(search, device, cores(), len(gpu_ids()))
    except NoRoomError as error:
        raise SearchError(str(error), search.path) from None
    plan = Plan(search, work, metric, machine_share, device, shared)
    work.check(search, (plan.trial_config(point) for point in _sample(search)))
    return plan


def _check_it_is_run_here(search: Search) -> None:
    for key, names in NOT_RUN_HERE.items():
        if getattr(search, key) in names:
            raise search.place.at(key).error(f"{getattr(search, key)} cannot be run by this version; choose another")
    for key, least in (("seeds", 1), ("confirm", 0)):
        if getattr(search, key) > least:
            raise search.place.at(key).error(f"repeats cannot be run by this version; remove it or write {least}")


def _sample(search: Search) -> Iterator[Mapping[str, Any]]:
    """Configurations that show what the search may ask for: the baseline and some points of the space."""
    if search.baseline:
        yield sampling.baseline_point(search)
    if search.method == "grid":
        yield from islice(sampling.proposals(search), 50)
    else:
        for index in range(20):
            yield sampling.random_point(search.space, search.seed, index)
