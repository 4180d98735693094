"""Population based training in a sweep that really runs: a bad trial goes on from a copy of a good one."""

from __future__ import annotations

import pytest
from sweeping import Sweep, events_in, left_processes, run, wait_until

from cockpit.events.kinds import Built, TrialPaused, TrialStarted
from cockpit.store.reader import Index


@pytest.fixture(scope="module")
def bred(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Four trials at once; one learns ten times as fast as the others."""
    return run(
        tmp_path_factory.mktemp("pbt"),
        method="grid",
        parameters={
            "lr": {"values": [0.01, 0.011, 0.012, 0.5]},
            "x": {"value": 0.5},
            "y": {"value": 0.0},
            "steps": {"value": 10},
            "epochs": {"value": 8},
            "delay": {"value": 0.02},
        },
        scheduler="pbt",
        pbt={"quantile": 0.5},
        concurrent=4,
        resources={"cpu": 0.25},
    )


def mutations(bred: Sweep) -> list[TrialPaused]:
    return [event for event in bred.ledger if isinstance(event, TrialPaused)]


def test_bad_trials_copy_the_good_one_and_say_so(bred: Sweep) -> None:
    rates = {
        (event.trial, event.attempt): event.config["lr"] for event in bred.ledger if isinstance(event, TrialStarted)
    }
    assert mutations(bred)
    for event in mutations(bred):
        assert event.status == "waiting"
        assert event.reason.startswith("pbt at evaluation ")
        assert "copies t" in event.reason
        before, after = (rates[event.trial, attempt] for attempt in (event.attempt, event.attempt + 1))
        # A neighbour of the good one's rate may be what the bad one had already.
        assert (f" with lr {before:g} → {after:g}" in event.reason) == (after != before)


def test_the_next_attempt_has_the_new_value_from_its_first_step_on(bred: Sweep) -> None:
    started = [event for event in bred.ledger if isinstance(event, TrialStarted) and event.attempt > 1]
    assert sorted(event.trial for event in started) == sorted(event.trial for event in mutations(bred))
    for event in started:
        assert event.checkpoint.startswith("from-t")
        record = events_in(bred.run.trial(event.trial).events)
        built = [known for known in record if isinstance(known, Built)][event.attempt - 1]
        assert built.step > 0, "it goes on where the other one stood"
        assert built.effective["lr"] == event.config["lr"]
    last = started[-1]
    with Index(bred.run) as index:
        rows = [row for row in index.steps(last.trial) if row.kind == "step"]
    assert rows[-1].metrics["lr"] == last.config["lr"]
    assert [row.step for row in rows] == sorted({row.step for row in rows})


def test_everybody_comes_to_the_end(bred: Sweep) -> None:
    assert bred.statuses == ["finished"] * 4
    assert all(len(trial.evaluations) >= 1 and trial.steps == 80 for trial in bred.trials)
    assert {trial.id for trial in bred.trials if trial.attempt > 1} == {event.trial for event in mutations(bred)}
    wait_until(lambda: not left_processes(bred.run))
