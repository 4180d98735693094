"""Optuna's samplers by name, with settings that suit the few dozen trials of a search."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from optuna.distributions import CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from cockpit.search.spec import Search

UNKNOWN_LENGTH = 100  # trials of a search without a cap, as far as settings depend on it
GENERATION = NSGAIISampler._get_generation_key()  # where NSGA-II looks for a trial's generation
LEAST_SOURCES, MOST_SOURCES = 10, 1000  # CMA-ES starts from the best tenth of its sources; 1000 tell as much as more


def make_sampler(search: Search, known: int = 0, sources: Sequence[FrozenTrial] = ()) -> BaseSampler:
    """The sampler of a Bayesian search.

    `known` is how many results it has heard of that another sampler may have led to: it then draws other numbers than
    that one did. `sources` are those results, for CMA-ES, which does not look at what it has not drawn itself.
    """
    trials = search.run_cap or UNKNOWN_LENGTH
    if search.sampler == "cmaes":
        return _cmaes(search.seed + known, trials, sources)
    return _SAMPLERS[search.sampler](search.seed + known, trials)


def recalled_attributes(search: Search) -> dict[str, Any]:
    """What a sampler has to find at a result that is not its own: for NSGA-II all of them are the first generation."""
    return {GENERATION: 0} if search.sampler == "nsga2" else {}


def join_generation(study: Study, trial: FrozenTrial) -> None:
    """Let NSGA-II breed from a running trial that somebody else chose."""
    if isinstance(study.sampler, NSGAIISampler):
        study.sampler.get_trial_generation(study, trial)


def _startup(trials: int) -> int:
    # The default of ten random trials would be half of a short search.
    return max(4, min(10, trials // 3))


def _population(trials: int) -> int:
    # The default of fifty would leave most searches without a second generation.
    return max(4, min(50, trials // 5))


def _tpe(seed: int, trials: int) -> BaseSampler:
    return TPESampler(seed=seed, n_startup_trials=_startup(trials), constant_liar=True)


def _gp(seed: int, trials: int) -> BaseSampler:
    return GPSampler(seed=seed, n_startup_trials=_startup(trials), warn_independent_sampling=False)


def _nsga2(seed: int, trials: int) -> BaseSampler:
    return NSGAIISampler(seed=seed, population_size=_population(trials))


def _cmaes(seed: int, trials: int, sources: Sequence[FrozenTrial]) -> BaseSampler:
    """CMA-ES over the numbers; TPE draws the choices between values that have no order.

    Sources give it the start of Nomura et al. 2021 (arXiv:2012.06932).
    """
    chosen = _spread([trial for trial in sources if trial.state == TrialState.COMPLETE])
    numeric = [trial for trial in map(_numbers_of, chosen) if trial.params]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of `source_trials`
        return CmaEsSampler(
            seed=seed,
            independent_sampler=_tpe(seed, trials),
            warn_independent_sampling=False,
            source_trials=numeric or None,
        )


def _numbers_of(trial: FrozenTrial) -> FrozenTrial:
    """The trial without the parameters that CMA-ES leaves to others."""
    numbers = {
        name: found
        for name, found in trial.distributions.items()
        if not isinstance(found, CategoricalDistribution) and not found.single()
    }
    return create_trial(value=trial.value, params={name: trial.params[name] for name in numbers}, distributions=numbers)


def _spread(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """As many of the trials as CMA-ES needs: few are given several times, of many an even choice of good and bad."""
    if not trials:
        return []
    if len(trials) <= MOST_SOURCES:
        return trials * math.ceil(LEAST_SOURCES / len(trials))
    ranked = sorted(trials, key=lambda trial: trial.value or 0.0)
    return ranked[:: math.ceil(len(ranked) / MOST_SOURCES)]


_SAMPLERS: dict[str, Callable[[int, int], BaseSampler]] = {"tpe": _tpe, "gp": _gp, "nsga2": _nsga2}
