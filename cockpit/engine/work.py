"""What the trials of a search do: a trainer's recipe, or a program of the user's. One contract for both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from cockpit.search.metric import Metric
from cockpit.search.spec import Search

Config = Mapping[str, Any]


class Work(Protocol):
    """Made for one search. `check` sees to it that nothing is wrong that can be known before anything starts.

    `folder` is where its code is looked for, `preload` are modules for the warm parent, `modules` those that a trial
    cannot do without. `reports_always` says that each evaluation has the metric, so that one without it is a mistake.
    `steerable` are the settings that can be changed while a trial runs. `obeys_device` says that a trial computes on
    the device that it is given, and picks one by our rules where that is `auto`.
    """

    @property
    def name(self) -> str: ...
    @property
    def folder(self) -> Path: ...
    @property
    def preload(self) -> tuple[str, ...]: ...
    @property
    def modules(self) -> tuple[str, ...]: ...
    @property
    def reports_always(self) -> bool: ...
    @property
    def steerable(self) -> Collection[str]: ...
    @property
    def obeys_device(self) -> bool: ...

    def settle(self, search: Search) -> tuple[Search, Metric]:
        """The search as it will be recorded, and what ranks its trials. Raises `SearchError`."""
        ...

    def check(self, search: Search, configs: Iterable[Config]) -> None:
        """Look at some configurations as trials will get them. Raises `SearchError` and `InputError`."""
        ...

    def value_of(self, name: str, value: object) -> Any:
        """One value brought to the type of its parameter. Raises `InputError`."""
        ...

    def check_config(self, config: Config) -> None:
        """Raises `InputError` for a whole configuration that cannot be run."""
        ...

    def trial_config(self, proposal: Config, seed: int, shared: Config) -> dict[str, Any]:
        """What one trial runs with."""
        ...

    def setting(self, config: Config, name: str) -> Any:
        """The value that a trial with this configuration has, its default included; None where it has no effect."""
        ...

    def seed_of(self, config: Config, seed: int) -> int:
        """The seed that a configuration has; `seed` where it has none."""
        ...

    def request_fields(self, config: Config, folder: Path) -> dict[str, Any]:
        """The fields of a `TrialRequest` that say what runs; `folder` is the trial's."""
        ...


def work_of(search: Search, cwd: Path) -> Work:
    """The work of a search; `cwd` is where the user called the cockpit. Raises `SearchError`."""
    if search.trainer is None:
        from cockpit.engine.program_work import ProgramWork

        return ProgramWork.of(search, cwd)
    from cockpit.engine.trainer_work import TrainerWork

    return TrainerWork.of(search)
