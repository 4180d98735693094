"""A search made ready to run: checked against its trainer, its data and this machine, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit.engine.machine import NoRoomError, Share, cores, gpu_ids, share
from cockpit.engine.proposer import proposer_for
from cockpit.search import sampling
from cockpit.search.check import check_search
from cockpit.search.errors import SearchError
from cockpit.search.metric import Metric
from cockpit.search.pbt import mutable_parameters
from cockpit.search.resolve import resolve_trainer
from cockpit.search.spec import Search
from trainers import registry
from trainers.contract import InputError, Trainer

RUN_FIELDS = ("data", "out", "resume")  # set for every trial from the command line and the run folder


@dataclass(frozen=True)
class Plan:
    """What will be run. `configs` are complete as far as the search goes; `shared` is the same for every trial."""

    search: Search
    trainer: Trainer
    metric: Metric
    share: Share
    device: str
    shared: Mapping[str, Any]

    @property
    def total(self) -> int | None:
        """How many trials there will be; None when nothing ends the search but the user."""
        return sampling.count(self.search)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metrics that a sampler hears of."""
        return tuple(metric.name for metric in self.search.metrics) or (self.metric.name,)

    @property
    def mutable(self) -> tuple[str, ...]:
        """The parameters that may change when a trial copies another. Raises `SearchError` where there are none."""
        steerable = [name for name, found in registry.fields(self.trainer).items() if found.steerable]
        return mutable_parameters(self.search, steerable)

    @property
    def preload(self) -> tuple[str, ...]:
        """Modules for the warm parent."""
        return ("cockpit.engine.trial_process", *self.trainer.preload)

    def trial_config(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        """The whole configuration of one trial."""
        return {"seed": self.search.seed, **proposal, **self.shared}

    def completed(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration that somebody chose, made whole with the search's constants and the baseline.

        Raises `InputError` for what the trainer would not take, and for parameters that are still missing.
        """
        reserved = [name for name in settings if name in RUN_FIELDS]
        if reserved:
            raise InputError(f"{reserved[0]}: set for every trial by the program itself; leave it out")
        chosen = {name: registry.value_of(self.trainer, name, value) for name, value in settings.items()}
        config = {**self.search.fixed, **self.search.baseline, **chosen}
        missing = [name for name in self.search.varied if name not in config]
        if missing:
            raise InputError(f"{', '.join(missing)}: missing, and no baseline to take it from; add {missing[0]}=VALUE")
        registry.build_config(self.trainer, self.trial_config(config))
        return dict(sorted(config.items()))

    def steered(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings that somebody wants changed in a running trial, checked. Raises `InputError`."""
        chosen = {name: registry.value_of(self.trainer, name, value) for name, value in settings.items()}
        steerable = [name for name, found in registry.fields(self.trainer).items() if found.steerable]
        fixed = [name for name in chosen if name not in steerable]
        if fixed:
            can = f"only {', '.join(steerable)} can" if steerable else "nothing of this trainer can"
            raise InputError(f"{fixed[0]}: cannot be changed while a trial runs; {can}")
        return chosen

    def first_configs(self, count: int) -> list[dict[str, Any]]:
        """The configurations of the first trials, as far as they do not depend on results."""
        proposer = proposer_for(self.search)
        proposals = (proposer.propose(f"t{number:03d}") for number in range(count))
        return [dict(proposal) for proposal in proposals if proposal is not None]


def make_plan(search: Search, device: str = "auto", data: Path | None = None, *, joining: bool = False) -> Plan:
    """Check everything that can be known now. Raises `SearchError` for the search and `InputError` for the data.

    Whether trials fit is not known of a sweep that is `joining` a cluster.
    """
    trainer = registry.find(resolve_trainer(search, registry.names()))
    check_search(search, registry.fields(trainer), trainer.metrics, reserved=RUN_FIELDS)
    _check_it_is_run_here(search)
    if sampling.count(search) == 0:
        raise SearchError("no trials to run; give --trials 1 or more", search.path)
    metric = search.metric or next(Metric(name, goal) for name, goal in trainer.metrics.items())
    shared = {} if data is None else {"data": str(data.resolve())}
    search = replace(search, metric=metric)
    try:
        machine_share = share(search, device, cores(), len(gpu_ids()), joining=joining)
    except NoRoomError as error:
        raise SearchError(str(error), search.path) from None
    plan = Plan(search, trainer, metric, machine_share, device, shared)
    if search.scheduler == "pbt":
        _ = plan.mutable
    _check_configs(plan)
    return plan


def _check_it_is_run_here(search: Search) -> None:
    for key, least in (("seeds", 1), ("confirm", 0)):
        if getattr(search, key) > least:
            raise search.place.at(key).error(f"repeats cannot be run by this version; remove it or write {least}")


def _check_configs(plan: Plan) -> None:
    """Build some configurations as trials will: they must be valid, and every varied parameter must matter in one."""
    configs = [registry.build_config(plan.trainer, plan.trial_config(point)) for point in _sample(plan.search)]
    for name in plan.search.varied:
        reasons = [config.ineffective().get(name) for config in configs]
        if all(reasons):
            raise plan.search.place.at(f"parameters.{name}").error(f"has no effect here: {reasons[0]}; remove it")
    seen = set()
    for config in configs:
        key = (getattr(config, "data", ""), getattr(config, "folds", None), getattr(config, "image_size", None))
        if key not in seen:
            seen.add(key)
            plan.trainer.check(config)


def _sample(search: Search) -> Iterator[Mapping[str, Any]]:
    """Configurations that show what the search may ask for: the baseline and some points of the space."""
    if search.baseline:
        yield sampling.baseline_point(search)
    if search.method == "grid":
        yield from islice(sampling.proposals(search), 50)
    else:
        for index in range(20):
            yield sampling.random_point(search.space, search.seed, index)
