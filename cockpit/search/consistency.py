"""Rules between the keys of a search. Every check raises `SearchError` at the key to change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cockpit.search.confirm import LEAST_PAIRS
from cockpit.search.early import EarlyTerminate
from cockpit.search.errors import Place, closest, listed, shown
from cockpit.search.metric import Metric
from cockpit.search.pbt import Pbt
from cockpit.search.space import Constant, Distribution, IntUniform, QUniform, Value, Weighted

# The samplers of each method, the default first. W&B's bayes is a Gaussian process: `sampler: gp`.
SAMPLERS: dict[str, tuple[str, ...]] = {
    "grid": ("grid",),
    "random": ("random",),
    "bayes": ("tpe", "gp", "cmaes", "nsga2"),
}
METHODS = tuple(SAMPLERS)
ENGINES = ("ray", "local")
SCHEDULERS = ("asha", "hyperband", "median", "pbt", "none")
LARGEST_AXIS = 10_000


def check_counts(place: Place, counts: Mapping[str, int | None], least: int) -> None:
    """No count is below `least`."""
    for key, count in counts.items():
        if count is not None and count < least:
            raise place.at(key).error(f"{count} is below {least}")


def check_runner(place: Place, trainer: str | None, runs_program: bool) -> None:
    """Either a trainer or a program is named."""
    if trainer is not None and runs_program:
        raise place.at("trainer").error("excludes program and command; keep one of them")
    if trainer is None and not runs_program:
        raise place.at("trainer").error("missing; name a trainer, or a program of your own in program")


def check_program_keys(place: Place, trainer: str | None, given: Mapping[str, str | None]) -> None:
    """What says how a program runs is not there for a trainer."""
    for key, value in given.items():
        if trainer is not None and value is not None:
            raise place.at(key).error("belongs to program and command, and this search names a trainer; remove it")


def check_method(place: Place, method: str, sampler: str, scheduler: str) -> None:
    """The sampler belongs to the method and can learn from what the scheduler does."""
    if sampler not in SAMPLERS[method]:
        raise place.at("sampler").error(f"{sampler} is not for method {method}; allowed: {listed(SAMPLERS[method])}")
    if scheduler == "pbt" and method == "bayes":
        raise place.at("scheduler").error(
            "pbt changes the parameters of trials while they run, so no sampler can learn from them; "
            "use method random or grid"
        )


def check_scheduler(place: Place, scheduler: str, early: EarlyTerminate | None) -> None:
    """`scheduler` and `early_terminate` speak of the same rule."""
    if early is not None and early.type != scheduler:
        raise place.at("scheduler").error(f"{scheduler} contradicts early_terminate, whose type is {early.type}")


def check_pbt(place: Place, scheduler: str, settings: Pbt | None, varied: Collection[str]) -> None:
    """The settings of population based training go with its scheduler and name parameters that vary."""
    if settings is None:
        return
    at = place.at("pbt").at("parameters")
    if scheduler != "pbt":
        raise place.at("scheduler").error(f"{scheduler} contradicts pbt, which is a scheduler itself; keep one of them")
    for number, name in enumerate(settings.parameters or ()):
        if name not in varied:
            problem = f"{name} is not a parameter that varies{closest(name, varied)}; allowed: {listed(varied)}"
            raise at.at(number).error(problem)


def check_metrics(place: Place, metrics: Sequence[Metric], metric: Metric | None, sampler: str) -> None:
    """Several metrics: the first ranks trials, each has a name of its own, and the sampler can weigh them."""
    if not metrics:
        return
    at, names = place.at("metrics"), [found.name for found in metrics]
    if len(metrics) == 1:
        raise at.error("only one; name at least two, or write metric")
    if metrics[0] != metric:
        raise at.error("excludes metric; the first of metrics ranks trials")
    for number, name in enumerate(names):
        if name in names[:number]:
            raise at.at(number).at("name").error(f"{name} stands here twice; remove one")
        if number and metrics[number].target is not None:
            raise at.at(number).at("target").error("only the first metric ends a search; remove it")
    if sampler == "cmaes":
        able = [name for name in SAMPLERS["bayes"] if name != "cmaes"]
        raise place.at("sampler").error(f"cmaes knows one metric only; allowed with metrics: {listed(able)}")


def check_metric(place: Place, metric: Metric | None, wanted_by: Mapping[str, bool]) -> None:
    """A metric is there if anything needs one; `wanted_by` maps what might to whether it does."""
    users = [name for name, wanted in wanted_by.items() if wanted]
    if metric is None and users:
        raise place.at("metric").error(f"missing; {users[0]} needs metric: {{name: …, goal: maximize or minimize}}")


def check_grid(place: Place, space: Mapping[str, Distribution]) -> None:
    """Every parameter can be enumerated."""
    for name, found in space.items():
        at = place.at("parameters").at(name)
        if isinstance(found, Weighted):
            raise at.at("probabilities").error("a grid tries every value once; remove them, or use method random")
        size = found.max - found.min + 1 if isinstance(found, IntUniform) else 0
        size = found.grid_size() if isinstance(found, QUniform) else size
        if size > LARGEST_AXIS:
            raise at.error(f"a grid of {size} values is more than {LARGEST_AXIS}; use method random or bayes")
        if found.grid() is None:
            raise at.error(
                f"a grid cannot enumerate {found.kind}; use value, values, int_uniform or q_uniform, "
                "or method random or bayes"
            )


def check_baseline(place: Place, baseline: Mapping[str, Value], space: Mapping[str, Distribution]) -> None:
    """The baseline is complete, and differs from the trials in what is searched and in nothing else."""
    if not baseline:
        return
    at = place.at("baseline")
    for name, value in baseline.items():
        if name not in space:
            raise at.at(name).error(
                f"not under parameters{closest(name, space)}; trials would not use this value, so a difference "
                f"to the baseline would mix two causes: add it there, as {{value: {value}}} if it is fixed"
            )
        found = space[name]
        if isinstance(found, Constant) and not found.contains(value):
            raise at.at(name).error(
                f"{shown(value)} contradicts parameters.{name}, fixed at {shown(found.value)} for all trials; "
                f"if the difference is meant, write values: [{found.value}] there"
            )
    missing = [name for name, found in space.items() if name not in baseline and not isinstance(found, Constant)]
    if missing:
        raise at.at(missing[0]).error("missing; the baseline needs a value for every parameter that varies")


def check_initial(place: Place, initial: Sequence[Mapping[str, Value]], space: Mapping[str, Distribution]) -> None:
    """Every initial point names parameters of the space and lies inside it."""
    for number, point in enumerate(initial):
        at = place.at("initial").at(number)
        if not point:
            raise at.error("empty; name at least one parameter")
        for name, value in point.items():
            if name not in space:
                raise at.at(name).error(f"not under parameters{closest(name, space)}; allowed: {listed(space)}")
            if not space[name].contains(value):
                extent = ", ".join(f"{key}: {end}" for key, end in space[name].to_mapping().items())
                raise at.at(name).error(f"{shown(value)} lies outside parameters.{name} ({extent})")


def check_repeats(place: Place, space: Mapping[str, Distribution], seeds: int, confirm: int, scheduler: str) -> None:
    """What runs again has one configuration, and a seed that nothing else varies."""
    if seeds == 1 and not confirm:
        return
    key = "seeds" if seeds > 1 else "confirm"
    if "seed" in space and not isinstance(space["seed"], Constant):
        raise place.at("parameters").at("seed").error(f"{key} varies the seed; remove one of the two")
    if scheduler == "pbt":
        raise place.at(key).error("pbt changes the parameters of trials while they run, so none can be run again")


def check_confirm(place: Place, confirm: int, has_baseline: bool) -> None:
    """There is something to hold the winner against, and more than one pair to do it with."""
    if confirm and not has_baseline:
        raise place.at("confirm").error("the winner is held against the baseline; name one in baseline")
    if 0 < confirm < LEAST_PAIRS:
        raise place.at("confirm").error(f"{confirm} pair shows no noise to hold a difference against; write 2 or more")
