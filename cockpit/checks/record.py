"""Checks of an experiment's record: what trials have in common that should not, and scores that prove nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cockpit.checks.coincidence import shared_values
from cockpit.checks.finding import OK, UNKNOWN, WARNING, Finding, listed
from cockpit.store import ranking
from cockpit.store.numbers import metric_text, setting_text
from cockpit.store.rows import SweepRow, TrialRow

# Settings that say how long and in which way something is computed: trials may differ in them alone and score the same.
FREE = ("epochs", "log_every", "norms_every", "save_every", "num_workers", "prefetch")
PAPER, IDENTICAL, TRIVIAL = "varied parameters", "identical metrics", "trivial baselines"
MOST_LINES = 3  # of one check


def check_record(
    sweep: SweepRow, trials: Sequence[TrialRow], trivial: Mapping[str, Mapping[str, float]]
) -> list[Finding]:
    """All checks, at least one finding each. `trivial` has scores without a model by trial and metric.

    Further runs of a configuration are not looked at: that they resemble each other is no finding.
    """
    trials = [trial for trial in trials if trial.is_searched]
    found = [
        (PAPER, list(_on_paper(sweep.varied, trials)) or list(_same_digest(trials))),
        (IDENTICAL, [*_identical(sweep.metric, trials), *shared_values(IDENTICAL, trials)]),
        (TRIVIAL, list(_below_trivial(sweep, trials, trivial))),
    ]
    return [finding for check, lines in found for finding in lines[:MOST_LINES] or [_nothing(check, trials, trivial)]]


def _nothing(check: str, trials: Sequence[TrialRow], trivial: Mapping[str, Mapping[str, float]]) -> Finding:
    if check == TRIVIAL:
        if not trivial:
            return Finding(check, UNKNOWN, "the trainer does not tell what answers without a model would score")
        return Finding(check, OK, "every finished trial is above them")
    if check == IDENTICAL:
        return Finding(check, OK, "no two trials with different settings end the same")
    if not any(trial.effective for trial in trials):
        return Finding(check, UNKNOWN, "no trial tells the settings that it really had")
    return Finding(check, OK, "what was varied differs in what was built")


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


def _identical(metric: str, trials: Sequence[TrialRow]) -> Iterator[Finding]:
    """Trials that end the same to all digits, in every metric and at every evaluation, though built differently.

    A score of exactly 0 or 1 may well be shared, and so may that of trials which differ in `FREE` settings only.
    """
    scored = [trial for trial in trials if trial.best is not None and trial.best not in (0.0, 1.0)]
    for same in _alike((trial, _outcome(trial)) for trial in scored):
        settings = [{**trial.config, "seed": trial.seed} for trial in same]
        names = _differing(settings)
        if not names or len({trial.digest for trial in same if trial.digest}) == 1:
            continue
        text = f"{listed(trial.id for trial in same)} end with identical {metric} {same[0].best:.5f}"
        question = f"although they differ in {_values(settings, names)}: same effective configuration?"
        yield Finding(IDENTICAL, WARNING, f"{text} {question}", tuple(trial.id for trial in same))


def _outcome(trial: TrialRow) -> Hashable:
    metrics = {name: repr(value) for name, value in trial.best_metrics.items()}
    return tuple(map(repr, trial.evaluations)), tuple(sorted(metrics.items()))


def _below_trivial(
    sweep: SweepRow, trials: Sequence[TrialRow], trivial: Mapping[str, Mapping[str, float]]
) -> Iterator[Finding]:
    """Trials that ran to their end and are not better than what needs no model."""
    below = [
        (trial, float(trivial[trial.id][sweep.metric]))
        for trial in trials
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
