"""What a tool looks at: one configuration of a trainer, named by a search, by the trainer or by a trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cockpit.engine.trainer_work import RUN_FIELDS, TrainerWork
from cockpit.events.text import one_line
from cockpit.search.errors import SearchError
from cockpit.search.find import find_search
from cockpit.search.reader import load
from cockpit.search.sampling import baseline_point, random_point
from cockpit.search.spec import Search
from cockpit.store.folder import RunFolder, find_experiment, find_trial
from cockpit.store.ranking import best_trial
from cockpit.store.reader import Index
from trainers import registry
from trainers.contract import InputError
from trainers.devices.absent import refuse_absent
from trainers.lr_trainer import FIND_LR


@dataclass(frozen=True)
class Subject:
    """`name` is what people call it, `trainer` what the registry finds, and `config` what it is built with.

    `run` and `trial` are those that it was taken from, None and empty where it was not trained yet.
    """

    name: str
    trainer: str
    config: Mapping[str, Any]
    run: RunFolder | None = None
    trial: str = ""

    def with_settings(self, settings: Mapping[str, Any], data: Path | None = None) -> Subject:
        """The same with these settings and this data folder in place of its own. Raises `InputError`."""
        trainer = registry.find(self.trainer)
        work = TrainerWork(trainer, self.trainer)
        chosen = {name: work.value_of(name, value) for name, value in settings.items()}
        where = {} if data is None else {"data": str(data.resolve())}
        return replace(self, config={**self.config, **chosen, **where})

    def check(self, device: str) -> None:
        """Looks at device, settings and data as a sweep does before it starts. Raises `InputError`."""
        trainer = registry.find(self.trainer)
        if trainer.uses_torch:
            refuse_absent(device)
        trainer.check(registry.build_config(trainer, self.config))

    def request(self, device: str, threads: int = 0) -> dict[str, Any]:
        """What `trainers.building.build_task` takes."""
        return {"trainer": self.trainer, "config": dict(self.config), "device": device, "threads": threads}


def find_subject(name: str, logs: Path, cwd: Path) -> Subject:
    """The search of this name or path, else the trainer, else the experiment's best trial or the trial.

    Of a search it is the baseline, or where there is none the first point of it. Raises `InputError`, `SearchError` and
    `FolderError`.
    """
    if name == "latest" or (name.startswith("exp") and name[3:6].isdigit()):
        return _of_trial(name, logs)
    try:
        path = find_search(name, cwd)
    except SearchError:
        if "/" in name or name.endswith((".yaml", ".yml")):
            raise
        if name not in registry.names() and "." not in name:
            raise _unknown(name) from None
        return Subject(name, _trained(name), {})
    return _of_search(load(path))


def _unknown(name: str) -> InputError:
    known = ", ".join(registry.names())
    return InputError(
        f"{name} is no search and no trainer; name a search, a trainer ({known}) or a trial (exp012/t003)"
    )


def _trained(name: str) -> str:
    """The trainer itself, or that which a finder looks for the rate of. Raises `InputError` for an unknown one."""
    found = name.removeprefix(FIND_LR)
    registry.find(found)
    return found


def _of_search(search: Search) -> Subject:
    if search.trainer is None:
        raise InputError(f"{search.name} runs a program, which only it can build; name a search of a trainer")
    point = baseline_point(search) if search.baseline else random_point(search.space, search.seed, 0)
    config = {"seed": search.seed, **point}
    return Subject(search.name, TrainerWork.of(search).asked.removeprefix(FIND_LR), _trained_with(config))


def _of_trial(name: str, logs: Path) -> Subject:
    run, trial = find_trial(logs, name) if "/" in name else _best_trial(find_experiment(logs, name))
    search = load(run.search) if run.search.exists() else None
    if search is None or search.trainer is None:
        raise InputError(f"{run.id} was not trained by a trainer from here, so nothing can be built of it")
    path = run.trial(trial).config
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({one_line(str(error), 100)})") from None
    asked = TrainerWork.of(search).asked.removeprefix(FIND_LR)
    return Subject(f"{run.id}/{trial}", asked, _trained_with(config), run, trial)


def _best_trial(run: RunFolder) -> tuple[RunFolder, str]:
    with Index(run) as index:
        best = best_trial(index.trials(), index.sweep().goal)
    if best is None:
        raise InputError(f"{run.id}: none of its trials was evaluated; name one, as in {run.id}/t000")
    return run, best.id


def _trained_with(config: Mapping[str, Any]) -> dict[str, Any]:
    """Without what belongs to a run, and to a finder."""
    kept = {name: value for name, value in config.items() if name == "data" or name not in RUN_FIELDS}
    return {name: value for name, value in kept.items() if not name.startswith("lr_range")}
