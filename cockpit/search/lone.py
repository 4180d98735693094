"""A search for one trial: a configuration that is to run once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cockpit.search.space import Constant
from cockpit.search.spec import Search


def of_one_trial(
    search: Search, config: Mapping[str, Any], seed: int, *, name: str, note: str, engine: str, cpu: float
) -> Search:
    """The search whose only trial has this configuration and seed, run as those of `search` are, on `cpu` cores."""
    return Search(
        name=name,
        path=search.path,
        note=note,
        method="grid",
        sampler="grid",
        engine=engine,
        space={key: Constant(value) for key, value in config.items()},
        trainer=search.trainer,
        program=search.program,
        command=search.command,
        directory=search.directory,
        pattern=search.pattern,
        metric=search.metric,
        nested=search.nested,
        seed=seed,
        concurrent=1,
        resources=replace(search.resources, cpu=cpu),
    )
