"""What a damaged ledger lacks and can be found elsewhere: how trials began."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from cockpit.engine.rebuild import Rebuilt, read_events, rebuild
from cockpit.events.kinds import Attempt, TrialEnded, TrialPaused, TrialStarted
from cockpit.events.writer import EventWriter
from cockpit.search import sampling
from cockpit.search.reader import load
from cockpit.search.spec import Search
from cockpit.store.fold import trial_number
from cockpit.store.folder import RunFolder, is_trial_id

OF_A_RUN = ("seed", "fold")  # what tells further runs of one configuration apart


def mend(run: RunFolder, metric: str) -> Rebuilt:
    """What the sweep knew, after the ledger got back the beginnings that it lost, to a full disk for example.

    The settings are those that the trial's process was given, or what the search proposes for its number. The end of
    such a trial, where there is one, comes before its beginning then, so it gets another attempt, which goes on from
    its last checkpoint. Call it as the experiment's owner.
    """
    known, search = rebuild(run, metric), load(run.search)
    lost = _lost(run, search, known)
    if not lost:
        return known
    writer = EventWriter(run.sweep)
    try:
        for trial in lost:
            config = _given(run, trial, search) or _proposed(search, trial, known)
            if config is not None:
                writer.write(_beginning(run, search, trial, config, known))
    finally:
        writer.close()
    return rebuild(run, metric)


def _lost(run: RunFolder, search: Search, known: Rebuilt) -> list[str]:
    """Trials without a beginning that have left traces, or whose number lies between those of others."""
    started = {trial.id for trial in known.trials}
    traces = {event.trial for event in read_events(run.sweep) if isinstance(event, TrialPaused | TrialEnded)}
    named = {trial for trial in traces | started if is_trial_id(trial)}
    begun = {trial for trial in run.trial_ids() if run.trial(trial).events.exists()}
    # A number that is a mistake itself must not become as many trials.
    planned = sampling.count(search)
    further = 0 if planned is None else planned * (search.seeds - 1) + 2 * search.confirm
    most = len(named) * 2 if planned is None else planned + further + len(known.added)
    last = max((trial_number(trial) for trial in named), default=0)
    between = {f"t{number:03d}" for number in range(min(last, most))}
    return sorted((named | begun | between) - started, key=trial_number)


def _given(run: RunFolder, trial: str, search: Search) -> dict[str, Any] | None:
    """The settings that were written for the trial's process; None where they cannot be read.

    Another seed than that of the search tells a further run of a configuration, which may have a fold of its own.
    """
    try:
        settings = json.loads(run.trial(trial).config.read_bytes())
        config = {name: _value(settings, name) for name in sorted({*search.varied, *search.fixed})}
        if settings.get("seed", search.trial_seeds[0]) != search.trial_seeds[0]:
            config = {**{name: settings[name] for name in OF_A_RUN if name in settings}, **config}
        return config
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _value(settings: Mapping[str, Any], name: str) -> Any:
    """A setting of a program may lie in an object of settings: `optimizer.lr`."""
    found: Any = settings
    for part in [name] if name in settings else name.split("."):
        found = found[part]
    return found


def _proposed(search: Search, trial: str, known: Rebuilt) -> dict[str, Any] | None:
    """What the search tries with this number; None where that depends on results, or it may be a further run."""
    if search.method == "bayes" or search.seeds > 1:
        return None
    others = [other for other in known.trials if other.added or not other.is_searched]
    number = trial_number(trial)
    index = number - sum(trial_number(other.id) < number for other in others)
    planned = sampling.count(search)
    return sampling.propose(search, index) if planned is None or index < planned else None


def _role(search: Search, config: Mapping[str, Any], known: Rebuilt) -> dict[str, Any]:
    """Whose configuration the trial ran once more, and which time that was; empty for one that was searched."""
    seed = config.get("seed", search.trial_seeds[0])
    names = [name for name in {*search.varied, *search.fixed} if name != "seed"]
    alike = (
        other
        for other in known.trials
        if other.is_searched and all(other.config.get(name) == config.get(name) for name in names)
    )
    lead = next(alike, None)
    if lead is None or seed == search.trial_seeds[0]:
        return {}
    if seed in search.trial_seeds:
        return {"repeat_of": lead.id, "repeat": search.trial_seeds.index(seed)}
    pairs = {other.config.get("seed"): other.number for other in known.trials if other.confirms}
    return {"confirms": lead.id, "pair": pairs.get(seed, seed - search.trial_seeds[-1] - 1)} if search.confirm else {}


def _beginning(run: RunFolder, search: Search, trial: str, config: Mapping[str, Any], known: Rebuilt) -> TrialStarted:
    attempts = [event for event in read_events(run.trial(trial).events) if isinstance(event, Attempt)]
    return TrialStarted(
        trial=trial,
        config=config,
        baseline=trial_number(trial) == 0 and bool(search.baseline),
        seed=int(config.get("seed", search.seed)),
        attempt=max((event.attempt for event in attempts), default=1),
        at=attempts[0].at if attempts else time.time(),
        extra=_role(search, config, known),
    )
