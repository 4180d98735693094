"""Checks of an experiment's record: what trials have in common that should not, and scores that prove nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cockpit.checks.coincidence import shared_values
from cockpit.checks.evidence import Evidence
from cockpit.checks.finding import WARNING, Finding, listed
from cockpit.store import ranking
from cockpit.store.numbers import metric_text, setting_text
from cockpit.store.rows import TrialRow

# Settings that say how long and in which way something is computed: trials may differ in them alone and score the same.
FREE = (
    "epochs", "log_every", "norms_every", "norms_of", "save_every", "num_workers", "prefetch", "cache", "compile",
    "fused", "channels_last",
)  # fmt: skip
PAPER, IDENTICAL, TRIVIAL = "varied parameters", "identical metrics", "trivial baselines"


def on_paper(evidence: Evidence) -> list[Finding]:
    """Parameters that were varied in configurations and nowhere else, or trials that were built the same."""
    varied, trials = evidence.sweep.varied, evidence.trials
    return list(_on_paper(varied, trials)) or list(_same_digest(trials))


def without_settings(evidence: Evidence) -> str:
    """Why nothing can be said of what was built; empty where it can."""
    told = any(trial.effective for trial in evidence.trials)
    return "" if told else "no trial tells the settings that it really had"


def without_trivial(evidence: Evidence) -> str:
    """Why nothing can be said of answers without a model; empty where it can."""
    return "" if evidence.trivial else "the trainer does not tell what answers without a model would score"


def _on_paper(varied: Iterable[str], trials: Sequence[TrialRow]) -> Iterator[Finding]:
    """Parameters with several values in configurations, and one in all that were built."""
    for name in varied:
        told = [trial for trial in trials if name in trial.effective and name in trial.config]
        wanted = {_key(trial.config[name]): setting_text(trial.config[name]) for trial in told}
        built = {_key(trial.effective[name]) for trial in told}
        if len(wanted) > 1 and len(built) == 1:
            value = setting_text(told[0].effective[name])
            text = f"{name} was varied ({listed(wanted.values())}) and is {value} in every trial that was built"
            yield Finding(PAPER, WARNING, f"{text}: does it reach the model?", tuple(trial.id for trial in told))


def _same_digest(trials: Sequence[TrialRow]) -> Iterator[Finding]:
    """Trials that were built the same, under different labels."""
    for same in _alike((trial, trial.digest) for trial in trials if trial.digest):
        names = _differing([trial.config for trial in same])
        if names:
            settings = [trial.config for trial in same]
            ids = tuple(trial.id for trial in same)
            text = f"{listed(ids)} were built the same although they differ in {_values(settings, names)}"
            yield Finding(PAPER, WARNING, text, ids)


def identical(evidence: Evidence) -> Iterator[Finding]:
    """Trials that end the same to all digits, in every metric and at every evaluation, though built differently.

    A score of exactly 0 or 1 may well be shared, and so may that of trials which differ in `FREE` settings only.
    """
    metric = evidence.sweep.metric
    scored = [trial for trial in evidence.trials if trial.best is not None and trial.best not in (0.0, 1.0)]
    for same in _alike((trial, _outcome(trial)) for trial in scored):
        settings = [{**trial.config, "seed": trial.seed} for trial in same]
        names = _differing(settings)
        if not names or len({trial.digest for trial in same if trial.digest}) == 1:
            continue
        text = f"{listed(trial.id for trial in same)} end with identical {metric} {same[0].best:.5f}"
        question = f"although they differ in {_values(settings, names)}: same effective configuration?"
        yield Finding(IDENTICAL, WARNING, f"{text} {question}", tuple(trial.id for trial in same))
    yield from shared_values(IDENTICAL, evidence.trials)


def _outcome(trial: TrialRow) -> Hashable:
    metrics = {name: repr(value) for name, value in trial.best_metrics.items()}
    return tuple(map(repr, trial.evaluations)), tuple(sorted(metrics.items()))


def below_trivial(evidence: Evidence) -> Iterator[Finding]:
    """Trials that ran to their end and are not better than what needs no model."""
    sweep, trivial = evidence.sweep, evidence.trivial
    below = [
        (trial, float(trivial[trial.id][sweep.metric]))
        for trial in evidence.trials
        if trial.status == "finished" and trial.best is not None and sweep.metric in trivial.get(trial.id, {})
    ]
    below = [
        (trial, score)
        for trial, score in below
        if math.isfinite(score) and not ranking.is_better(trial.best, score, sweep.goal)
    ]
    if below:
        worst, score = min(below, key=lambda pair: ranking.sort_key(pair[0].best, sweep.goal))
        verb = "does" if len(below) == 1 else "do"
        yield Finding(
            TRIVIAL,
            WARNING,
            f"{listed(trial.id for trial, _ in below)} {verb} not beat answers without a model: at best {sweep.metric} "
            f"{metric_text(worst.best)}, against {metric_text(score)}",
            tuple(trial.id for trial, _ in below),
        )


def _alike(pairs: Iterable[tuple[TrialRow, Hashable]]) -> Iterator[list[TrialRow]]:
    """Trials with the same key, where there are several."""
    groups: dict[Hashable, list[TrialRow]] = {}
    for trial, key in pairs:
        groups.setdefault(key, []).append(trial)
    return (group for group in groups.values() if len(group) > 1)


def _differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Settings with several values, but for those in `FREE`."""
    names: Collection[str] = dict.fromkeys(name for one in settings for name in one)
    return [name for name in names if name not in FREE and len({_key(one.get(name)) for one in settings}) > 1]


def _values(settings: Sequence[Mapping[str, Any]], names: Iterable[str]) -> str:
    """`lr 0.1, 0.2; m 0.3, 0.5`."""
    texts = {name: dict.fromkeys(setting_text(one.get(name)) for one in settings) for name in names}
    return "; ".join(f"{name} {listed(values, 3)}" for name, values in texts.items())


def _key(value: Any) -> str:
    """Equal for equal values of any kind; 3 is 3.0."""
    plain = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return json.dumps(plain, sort_keys=True, default=str)
