"""A search for a learning rate: an experiment of one trial, whose steps go through all rates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.engine.machine import cores
from cockpit.engine.plan import Plan, make_plan
from cockpit.engine.subject import Subject
from cockpit.search.metric import Metric
from cockpit.search.resources import Resources
from cockpit.search.space import Constant
from cockpit.search.spec import Search
from trainers import registry
from trainers.lr_trainer import FIND_LR


@dataclass(frozen=True)
class Range:
    """From which rate to which, in so many steps."""

    low: float
    high: float
    steps: int

    def settings(self) -> dict[str, Any]:
        return {"lr_range.low": self.low, "lr_range.high": self.high, "lr_range.steps": self.steps}


def plan_finding(subject: Subject, over: Range, device: str) -> Plan:
    """Make ready to look for the learning rate of a subject. Raises `SearchError` and `InputError`."""
    asked = f"{FIND_LR}{subject.trainer}"
    config = {name: value for name, value in subject.config.items() if name not in ("data", "seed")}
    goal = registry.find(asked).metrics["smoothed_loss"]
    search = Search(
        name=f"find_lr_{subject.name}",
        path=Path("find-lr"),
        note=f"Which learning rate suits {subject.name}?",
        method="grid",
        sampler="grid",
        engine="local",
        space={name: Constant(value) for name, value in {**config, **over.settings()}.items()},
        trainer=asked,
        metric=Metric("smoothed_loss", goal),
        seed=int(subject.config.get("seed", 0)),
        concurrent=1,
        resources=Resources(cpu=cores()),
    )
    data = subject.config.get("data")
    return make_plan(search, device, Path(data) if data else None)
