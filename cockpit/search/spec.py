"""A search: the question, the space, and everything that says how to look."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cockpit.search import consistency
from cockpit.search.command import check_command
from cockpit.search.early import EarlyTerminate, early_mapping
from cockpit.search.errors import Place
from cockpit.search.metric import Metric
from cockpit.search.nesting import Path as NestedPath
from cockpit.search.nesting import check_nesting, nest_parameters
from cockpit.search.pbt import Pbt, pbt_mapping
from cockpit.search.resources import Resources, resources_mapping
from cockpit.search.space import Constant, Distribution, Value
from cockpit.search.space.parse import NAME
from cockpit.search.values import plain
from cockpit.search.yaml_text import render

NO_LINE = 0


@dataclass(frozen=True)
class Search:
    """One question and how to answer it. Made by `reader.load`; what contradicts itself raises `SearchError`.

    `space` maps dotted parameter names to distributions, constants among them. `run_cap` counts trials, the baseline
    included; None has no end but that of a grid. `seed` is the sampler's, and the first seed of the trials; every
    configuration runs on so many `seeds`, and at the end winner and baseline on `confirm` fresh ones. A trial is killed
    if its first evaluation is worse than `floor`, or after `patience` evaluations without a better one. `metrics` are
    several metrics to be good in; `metric` is the first of them then, which ranks trials. `initial` are points, whole
    or in part, to try after the baseline. `max_failures` are new attempts that a trial gets after it failed. With
    `check` the best trial is looked at once more for leaks when all have ended. A `program` or
    `command` runs in `directory`, and the user's regular expression `pattern` finds metrics in the lines that it
    prints; `nested` has the paths of parameters that stand inside others. `ignored` has what only a W&B server reads.
    Where the search came from (`path`, `lines`) does not count when two are compared.
    """

    name: str
    method: str
    space: Mapping[str, Distribution]
    path: Path = field(default=Path("search.yaml"), compare=False)
    note: str = ""
    expected: str = ""
    trainer: str | None = None
    program: str | None = None
    command: tuple[str, ...] | None = None
    directory: str | None = None
    pattern: str | None = None
    metric: Metric | None = None
    metrics: tuple[Metric, ...] = ()
    baseline: Mapping[str, Value] = field(default_factory=dict)
    initial: tuple[Mapping[str, Value], ...] = ()
    run_cap: int | None = None
    engine: str = "ray"
    sampler: str = "tpe"
    scheduler: str = "none"
    early_terminate: EarlyTerminate | None = None
    pbt: Pbt | None = None
    floor: float | None = None
    patience: int | None = None
    resources: Resources = field(default_factory=Resources)
    concurrent: int | None = None
    seed: int = 0
    seeds: int = 1
    confirm: int = 0
    max_failures: int = 0
    check: bool = False
    nested: Mapping[str, NestedPath] = field(default_factory=dict)
    ignored: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        place = self.place
        counts = {key: getattr(self, key) for key in ("run_cap", "concurrent", "patience", "seeds")}
        consistency.check_counts(place, counts, least=1)
        from_none = {key: getattr(self, key) for key in ("confirm", "seed", "max_failures")}
        consistency.check_counts(place, from_none, least=0)
        consistency.check_runner(place, self.trainer, bool(self.program or self.command))
        runs = {"directory": self.directory, "pattern": self.pattern}
        consistency.check_program_keys(place, self.trainer, runs)
        check_command(place, self.command, self.program)
        check_nesting(place, self.space, self.nested)
        consistency.check_method(place, self.method, self.sampler, self.scheduler)
        consistency.check_scheduler(place, self.scheduler, self.early_terminate)
        consistency.check_pbt(place, self.scheduler, self.pbt, self.varied)
        wanted_by = {
            "method bayes": self.method == "bayes",
            f"scheduler {self.scheduler}": self.scheduler != "none",
            "floor": self.floor is not None,
            "patience": self.patience is not None,
            "confirm": self.confirm > 0,
        }
        consistency.check_metric(place, self.metric, wanted_by)
        consistency.check_metrics(place, self.metrics, self.metric, self.sampler)
        if self.method == "grid":
            consistency.check_grid(place, self.space)
        consistency.check_baseline(place, self.baseline, self.space)
        consistency.check_initial(place, self.initial, self.space)
        consistency.check_repeats(place, self.space, self.seeds, self.confirm, self.scheduler)
        consistency.check_confirm(place, self.confirm, bool(self.baseline))

    @property
    def place(self) -> Place:
        """Where to blame: the file, with its lines."""
        return Place(self.path, self.lines)

    @property
    def slug(self) -> str:
        """The name as it can stand in the name of a folder."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.name).strip("-")[:60] or "search"

    @property
    def fixed(self) -> dict[str, Value]:
        """The constants of the space."""
        return {name: found.value for name, found in self.space.items() if isinstance(found, Constant)}

    @property
    def varied(self) -> dict[str, Distribution]:
        """The space without its constants."""
        return {name: found for name, found in self.space.items() if not isinstance(found, Constant)}

    @property
    def trial_seeds(self) -> tuple[int, ...]:
        """The seeds on which every configuration runs; a parameter `seed` that is fixed is the first of them."""
        fixed = self.fixed.get("seed", self.seed)
        first = fixed if isinstance(fixed, int) else self.seed
        return tuple(range(first, first + self.seeds))

    def with_overrides(
        self,
        *,
        settings: Mapping[str, Value] | None = None,
        trials: int | None = None,
        epochs: float | None = None,
        engine: str | None = None,
        concurrent: int | None = None,
        cpus: float | None = None,
        gpus: float | None = None,
        seed: int | None = None,
        note: str | None = None,
        check: bool | None = None,
        confirm: int | None = None,
    ) -> Search:
        """This search with what the command line says in place of what the file says; None leaves it.

        A setting fixes its parameter for all trials and for the baseline, whether it was searched or not there at
        all; `epochs` is short for the setting of that name. Raises `SearchError`.
        """
        given = {
            "run_cap": trials,
            "engine": engine,
            "concurrent": concurrent,
            "seed": seed,
            "note": note,
            "check": check,
            "confirm": confirm,
        }
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if cpus is not None:
            changes["resources"] = replace(self.resources, cpu=cpus)
        if gpus is not None:
            changes["resources"] = replace(changes.get("resources", self.resources), gpu=gpus)
        fixed = dict(settings or {}) | ({} if epochs is None else {"epochs": epochs})
        if fixed:
            constants = {key: _constant(Place(self.path).at(key), key, value) for key, value in fixed.items()}
            changes["space"] = {**self.space, **constants}
            changes["baseline"] = self.baseline and {**self.baseline, **fixed}
            changes["initial"] = tuple({**point, **fixed} for point in self.initial)
        renewed = [*changes, *(f"{part}.{key}" for part in ("parameters", "baseline") for key in fixed)]
        renewed = [key for key in renewed if key not in ("space", "baseline", "initial")]
        return replace(self, **changes, lines=_without(self.lines, renewed))

    def to_mapping(self) -> dict[str, Any]:
        """The search as a search file has it, with every default written out."""
        whole: dict[str, Any] = {
            "name": self.name,
            "note": self.note or None,
            "expected": self.expected or None,
            "trainer": self.trainer,
            "program": self.program,
            "command": None if self.command is None else list(self.command),
            "directory": self.directory,
            "pattern": self.pattern,
            "method": self.method,
            "metric": None if self.metric is None or self.metrics else _present(vars(self.metric)),
            "metrics": [_present(vars(found)) for found in self.metrics] or None,
            "parameters": nest_parameters({name: d.to_mapping() for name, d in self.space.items()}, self.nested),
            "baseline": dict(self.baseline) or None,
            "initial": [dict(point) for point in self.initial] or None,
            "run_cap": self.run_cap,
            "engine": self.engine,
            "sampler": self.sampler,
            "scheduler": self.scheduler,
            "early_terminate": None if self.early_terminate is None else early_mapping(self.early_terminate),
            "pbt": None if self.pbt is None else pbt_mapping(self.pbt),
            "floor": self.floor,
            "patience": self.patience,
            "resources": resources_mapping(self.resources),
            "concurrent": self.concurrent,
            "seed": self.seed,
            "seeds": self.seeds,
            "confirm": self.confirm,
            "max_failures": self.max_failures,
            "check": self.check,
        }
        return _present(whole) | dict(self.ignored)

    def to_yaml(self) -> str:
        """The resolved search as YAML. `reader.loads` makes an equal search of it."""
        return render(self.to_mapping())


def _constant(place: Place, name: str, value: Value) -> Constant:
    if not NAME.fullmatch(name):
        raise place.error("not a parameter name")
    return Constant(plain(place, value))


def _without(lines: Mapping[str, int], renewed: Collection[str]) -> dict[str, int]:
    """The lines without those of keys that no longer say what the file says."""
    inside = tuple(f"{key}." for key in renewed)
    return {key: line for key, line in lines.items() if not key.startswith(inside)} | dict.fromkeys(renewed, NO_LINE)


def _present(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}
