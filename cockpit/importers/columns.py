"""What the names of columns and keys mean: where a value stands, when it was measured, in which run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cockpit.printed.names import is_evaluation, same, split_phase, strength
from cockpit.search.metric import usual_goal

# Of several, the first one counts.
STEPS = (
    "global_step", "trainer_global_step", "_step", "step", "steps", "training_iteration", "num_updates", "global_iter",
    "iteration", "iterations", "n_iter", "num_iter", "total_timesteps",
    "time_total_timesteps", "timesteps_total", "num_timesteps", "iter", "itr", "update", "updates", "batch",
)  # fmt: skip
EPOCHS = ("epoch", "current_epoch", "epoch_num", "epoch_number", "_epoch")
ELAPSED = (
    "time_total_s", "_runtime", "elapsed", "elapsed_time", "elapsed_seconds", "elapsed_s", "time_elapsed",
    "time_time_elapsed",    "relative_time", "total_time", "wall_time", "walltime", "time",
)  # fmt: skip
STAMPS = ("timestamp", "_timestamp", "created_at", "datetime", "date_time", "date", "wall_time", "walltime", "time")
PHASES = ("phase", "split", "stage", "mode", "subset", "partition", "set", "type", "kind")
RUNS = (
    "run_id", "run", "run_name", "trial_id", "trial", "trial_name", "experiment", "experiment_name", "exp", "exp_name",
    "name", "model", "model_name", "variant", "method",
)  # fmt: skip


def first_of(meanings: Iterable[str], names: Iterable[str], phased: bool = False) -> str | None:
    """The name that means the first of `meanings`. `phased`: `train/global_step` means the same as `global_step`."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(same(name), name)
    if phased:
        for name in tuple(known.values()):
            known.setdefault(same(split_phase(name)[1]), name)
    return next((known[meaning] for meaning in meanings if meaning in known), None)


@lru_cache(maxsize=1024)
def phases_among(names: frozenset[str]) -> frozenset[str | None]:
    """The phases that names carry."""
    return frozenset(split_phase(name)[0] for name in names)


def phase_by_company(name: str, names: Iterable[str]) -> str:
    """The phase of a name that carries none, by the names beside it.

    Beside `train_loss` and `val_loss` a bare `accuracy` was measured in the validation, unless that has its own.
    """
    names = frozenset(names)
    phases = phases_among(names)
    if "train" not in phases or not any(phase and is_evaluation(phase) for phase in phases):
        return "train"
    has_own = any(split_phase(other) == ("valid", name) for other in names)
    return "valid" if strength(name) and "loss" not in name.lower() and not has_own else "train"


def metric_of_test(names: Iterable[str]) -> str:
    """What to rank by where only a test set is evaluated, which ranks nothing unless it is asked to; else empty."""
    split = {name: split_phase(name) for name in names}
    if "valid" in {phase for phase, _ in split.values()}:
        return ""
    tested = [name for name, (phase, bare) in split.items() if phase == "test" and strength(bare)]
    return max(tested, key=lambda name: (usual_goal(name) == "maximize", strength(name)), default="")
