"""The work of a trainer that is registered, or of a module with one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cockpit.search.check import check_search
from cockpit.search.metric import Metric
from cockpit.search.resolve import resolve_trainer
from cockpit.search.spec import Search
from trainers import registry
from trainers.contract import InputError, Trainer

RUN_FIELDS = ("data", "out", "resume")  # set for every trial from the command line and the run folder


@dataclass(frozen=True)
class TrainerWork:
    """`asked` is the trainer's name in the search, a dotted one for a module outside the registry."""

    trainer: Trainer
    asked: str
    reports_always = True

    @classmethod
    def of(cls, search: Search) -> TrainerWork:
        asked = resolve_trainer(search, registry.names())
        return cls(registry.find(asked), asked)

    @property
    def name(self) -> str:
        return self.trainer.name

    @property
    def folder(self) -> Path:
        return Path.cwd()

    @property
    def preload(self) -> tuple[str, ...]:
        return ("cockpit.engine.trial_process", *self.trainer.preload)

    @property
    def modules(self) -> tuple[str, ...]:
        return (self.trainer.recipe.partition(":")[0],)

    @property
    def obeys_device(self) -> bool:
        return self.trainer.uses_torch

    @property
    def steerable(self) -> Collection[str]:
        return [name for name, info in registry.fields(self.trainer).items() if info.steerable]

    def settle(self, search: Search) -> tuple[Search, Metric]:
        check_search(search, registry.fields(self.trainer), self.trainer.metrics, reserved=RUN_FIELDS)
        metric = search.metric or next(Metric(name, goal) for name, goal in self.trainer.metrics.items())
        return replace(search, metric=metric), metric

    def check(self, search: Search, configs: Iterable[Mapping[str, Any]]) -> None:
        """They must be valid, every varied parameter must matter in one, and their data must be there."""
        built = [registry.build_config(self.trainer, config) for config in configs]
        for name in search.varied:
            reasons = [config.ineffective().get(name) for config in built]
            if all(reasons):
                raise search.place.at(f"parameters.{name}").error(f"has no effect here: {reasons[0]}; remove it")
        seen = set()
        for config in built:
            key = (getattr(config, "data", ""), getattr(config, "folds", None), getattr(config, "image_size", None))
            if key not in seen:
                seen.add(key)
                self.trainer.check(config)

    def value_of(self, name: str, value: object) -> Any:
        if name in RUN_FIELDS:
            raise InputError(f"{name}: set for every trial by the program itself; leave it out")
        return registry.value_of(self.trainer, name, value)

    def check_config(self, config: Mapping[str, Any]) -> None:
        registry.build_config(self.trainer, config)

    def trial_config(self, proposal: Mapping[str, Any], seed: int, shared: Mapping[str, Any]) -> dict[str, Any]:
        return {"seed": seed, **proposal, **shared}

    def setting(self, config: Mapping[str, Any], name: str) -> Any:
        built = registry.build_config(self.trainer, config)
        return None if name in built.ineffective() else getattr(built, name, None)

    def seed_of(self, config: Mapping[str, Any], seed: int) -> int:
        return int(config.get("seed", seed))

    def request_fields(self, config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        return {"trainer": self.asked}
