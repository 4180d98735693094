"""Child of `sweep`: runs one sweep with one engine and leaves how long the call took.

`python -m tests.bench.sweeps FOLDER ENGINE TRIALS`. Every engine runs the same values, two trials at once, and its
imports count: they belong to what a person waits for.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from .child import leave_result

CONCURRENT = 2

SEARCH = """
name: bench
trainer: tests.bench.torch_toy
method: grid
metric: {{name: score, goal: maximize}}
parameters: {{x: {{values: {values}}}}}
concurrent: {concurrent}
resources: {{cpu: 1, gpu: 0}}
engine: {engine}
"""


def values(trials: int) -> list[float]:
    return [number / trials for number in range(1, trials + 1)]


def cockpit_sweep(folder: Path, engine: str, trials: int) -> int:
    """A sweep as the command line runs it; returns how many trials finished."""
    from cockpit.engine.observer import NoView
    from cockpit.engine.plan import make_plan
    from cockpit.engine.sweep import Job, run_sweep
    from cockpit.search.reader import loads
    from cockpit.store.reader import Index

    text = SEARCH.format(values=values(trials), concurrent=CONCURRENT, engine=engine)
    job = Job(make_plan(loads(text, folder / "bench.yaml"), device="cpu"), folder / "logs", "bench")
    run, _ = run_sweep(job, lambda *_: NoView(), lambda _: None)
    with Index(run) as index:
        return sum(trial.status == "finished" and len(trial.evaluations) == 5 for trial in index.trials())


def tuner_sweep(folder: Path, trials: int) -> int:
    """The same with Ray Tune alone and its defaults, as its documentation has it."""
    from ray import tune

    tuner = tune.Tuner(
        _trainable,
        param_space={"x": tune.grid_search(values(trials))},
        tune_config=tune.TuneConfig(metric="score", mode="max", max_concurrent_trials=CONCURRENT),
        run_config=tune.RunConfig(storage_path=str(folder / "ray_results")),
    )
    return sum(result.error is None and result.metrics["training_iteration"] == 5 for result in tuner.fit())


def _trainable(config: dict[str, Any]) -> None:
    from ray import tune

    from tests.bench.torch_toy import EVALUATIONS, score

    for evaluation in range(1, EVALUATIONS + 1):
        tune.report({"score": score(config["x"], evaluation)})


def optuna_sweep(trials: int) -> int:
    """The same with Optuna alone: no process, no record, nothing to look at."""
    import optuna

    from tests.bench.torch_toy import EVALUATIONS, score

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0.0, 1.0)
        for evaluation in range(1, EVALUATIONS + 1):
            trial.report(score(x, evaluation), evaluation)
        return score(x, EVALUATIONS)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=trials)
    return len(study.trials)


def _sweep(folder: Path, engine: str, trials: int) -> int:
    if engine == "tuner":
        return tuner_sweep(folder, trials)
    if engine == "optuna":
        return optuna_sweep(trials)
    return cockpit_sweep(folder, engine, trials)


def main() -> None:
    folder, engine, trials = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    began = time.perf_counter()
    finished = _sweep(folder, engine, trials)
    took = time.perf_counter() - began
    if finished != trials:
        raise SystemExit(f"{finished} of {trials} trials finished")
    leave_result(folder, call=took)


if __name__ == "__main__":
    main()
