"""Weights of members, searched for with Optuna."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import optuna
from numpy.typing import NDArray

from cockpit.ensemble.methods import normalised

WORST = -1e9  # what a score counts that is not defined; Optuna takes none that is no number


def search_weights(
    score: Callable[[NDArray[np.float64]], float], members: int, trials: int, seed: int
) -> NDArray[np.float64]:
    """The shares of `members` that `score` is highest for, found in so many trials.

    Equal shares and each member alone are tried first, so that nothing simpler is better where it is fitted; CMA-ES
    (Hansen and Ostermeier 2001) does the rest. One seed finds the same weights again.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    names = [f"w{member}" for member in range(members)]
    for start in (np.ones(members), *np.eye(members)):
        study.enqueue_trial(dict(zip(names, start.tolist(), strict=True)))
    study.optimize(lambda trial: _score_of([trial.suggest_float(name, 0.0, 1.0) for name in names], score), trials)
    # Of equals the first: the simplest ones were tried before the others.
    best = max(study.trials, key=lambda trial: WORST if trial.value is None else trial.value)
    return normalised([best.params[name] for name in names])


def _score_of(weights: Sequence[float], score: Callable[[NDArray[np.float64]], float]) -> float:
    if not sum(weights) > 0:
        return WORST
    value = score(normalised(weights))
    return value if math.isfinite(value) else WORST
