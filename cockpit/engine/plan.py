"""A search made ready to run: checked against its work, its data and this machine, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit.engine.devices import device_text
from cockpit.engine.machine import NoRoomError, Share, cores, gpu_ids, share
from cockpit.engine.proposer import LateProposer, Proposer, proposer_for
from cockpit.engine.warm_start import Lesson, history, planned
from cockpit.engine.work import Work, work_of
from cockpit.search import sampling
from cockpit.search.discretion import kinds_in, refuse_secrets
from cockpit.search.errors import SearchError
from cockpit.search.metric import Metric
from cockpit.search.pbt import mutable_parameters
from cockpit.search.spec import Search
from cockpit.store.folder import RunFolder
from cockpit.store.numbers import counted
from trainers.contract import InputError
from trainers.devices.absent import refuse_absent


@dataclass(frozen=True)
class Plan:
    """What will be run. `work` is what a trial does, `shared` the same for every trial, `lessons` are what earlier
    experiments teach.
    """

    search: Search
    work: Work
    metric: Metric
    share: Share
    device: str
    shared: Mapping[str, Any]
    lessons: tuple[Lesson, ...] = ()

    @property
    def total(self) -> int | None:
        """How many trials there will be; None when nothing ends the search but the user."""
        return planned(self.search, self.lessons)

    def proposer(self) -> Proposer:
        """A new proposer, which knows what earlier experiments teach."""
        return LateProposer(self._make_proposer)

    def _make_proposer(self) -> Proposer:
        proposer = proposer_for(self.search)
        for lesson in self.lessons:
            for past in lesson.used:
                proposer.recall(past)
        return proposer

    @property
    def totals(self) -> str:
        """`24 trials + 6 confirmations`; repeats are at most so many, as what is stopped early is not repeated."""
        search, total = self.search, self.total
        parts = ["trials without end" if total is None else counted(total, "trial")]
        if search.seeds > 1:
            most = "" if total is None else f"at most {total * (search.seeds - 1)} "
            parts.append(f"{most}repeats")
        parts += [counted(2 * search.confirm, "confirmation")] if search.confirm else []
        return " + ".join(parts)

    @property
    def device_text(self) -> str:
        """The device that was asked for; `auto: cpu (no CUDA card is visible, …)` where trials will pick it."""
        return device_text(self.device, len(gpu_ids())) if self.work.obeys_device else self.device

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metrics that a sampler hears of."""
        return tuple(metric.name for metric in self.search.metrics) or (self.metric.name,)

    @property
    def takes_any_metric(self) -> bool:
        """Whether the only trial is ranked by what it turns out to evaluate, as nothing is decided by that."""
        return self.search.metric is None and not self.work.reports_always and self.total == 1

    @property
    def mutable(self) -> tuple[str, ...]:
        """The parameters that may change when a trial copies another. Raises `SearchError` where there are none."""
        return mutable_parameters(self.search, self.work.steerable)

    def check(self) -> None:
        """Look at the data and at some configurations as trials will get them, which may take seconds.

        Raises `SearchError` for the search and `InputError` for the data.
        """
        self.work.check(self.search, (self.trial_config(point) for point in _sample(self.search)))

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

        Raises `InputError` for what the work would not take, for secrets, and for parameters that are still missing.
        """
        secrets = kinds_in(settings)
        if secrets:
            raise InputError(f"holds a secret ({', '.join(secrets)}), which would stand in the record")
        chosen = {name: self.work.value_of(name, value) for name, value in settings.items()}
        config = {**self.search.fixed, **self.search.baseline, **chosen}
        missing = [name for name in self.search.varied if name not in config]
        if missing:
            raise InputError(f"{', '.join(missing)}: missing, and no baseline to take it from; add {missing[0]}=VALUE")
        self.work.check_config(self.trial_config(config))
        return dict(sorted(config.items()))

    def steered(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings that somebody wants changed in a running trial, checked. Raises `InputError`."""
        chosen = {name: self.work.value_of(name, value) for name, value in settings.items()}
        steerable = list(self.work.steerable)
        fixed = [name for name in chosen if name not in steerable]
        if fixed:
            can = f"only {', '.join(steerable)} can" if steerable else f"nothing of {self.work.name} can"
            raise InputError(f"{fixed[0]}: cannot be changed while a trial runs; {can}")
        return chosen

    def first_configs(self, count: int) -> list[dict[str, Any]]:
        """The configurations of the first trials, as far as they do not depend on results."""
        proposer = self.proposer()
        proposals = (proposer.propose(f"t{number:03d}") for number in range(count))
        return [dict(proposal) for proposal in proposals if proposal is not None]


def make_plan(search: Search, device: str = "auto", data: Path | None = None) -> Plan:
    """Check everything that can be known now. Raises `SearchError` for the search and `InputError` for the data."""
    plan = draft_plan(search, device, data)
    plan.check()
    return plan


def draft_plan(
    search: Search,
    device: str = "auto",
    data: Path | None = None,
    sources: Sequence[RunFolder] = (),
    *,
    joining: bool = False,
) -> Plan:
    """What can be told without looking at data; the rest is the plan's `check`.

    The search starts with what the experiments in `sources` found. Whether trials fit, and which devices there are, is
    not known of a sweep that is `joining` a cluster. Raises `SearchError` for the search, `InputError` for what does
    not go with it, and `FolderError` for a source.
    """
    refuse_secrets(search)
    work = work_of(search, Path.cwd())
    search, metric = work.settle(search)
    if sampling.count(search) == 0:
        raise SearchError("no trials to run; give --trials 1 or more", search.path)
    if data is not None and search.trainer is None:
        raise InputError("--data: a program gets its data by a parameter of its own; write --set NAME=DIR")
    if work.obeys_device and not joining:
        refuse_absent(device)
    shared = {} if data is None else {"data": str(data.resolve())}
    try:
        machine_share = share(search, device, cores(), len(gpu_ids()), joining=joining)
    except NoRoomError as error:
        raise SearchError(str(error), search.path) from None
    lessons = tuple(history(source, search) for source in sources)
    plan = Plan(search, work, metric, machine_share, device, shared, lessons)
    if plan.total == 0:
        raise SearchError("nothing is left to try: every point was tried in the experiments of --from", search.path)
    if search.scheduler == "pbt":
        _ = plan.mutable
    return plan


def _sample(search: Search) -> Iterator[Mapping[str, Any]]:
    """Configurations that show what the search may ask for: the baseline and some points of the space."""
    if search.baseline:
        yield sampling.baseline_point(search)
    if search.method == "grid":
        yield from islice(sampling.proposals(search), 50)
    else:
        for index in range(20):
            yield sampling.random_point(search.space, search.seed, index)
