"""A trial of several processes: ranks as torchrun gives them, one record, one end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sweeping import Sweep, is_alive, run, wait_until

from cockpit.engine.ranks import rank_variables

ENGINES = ["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])]


@pytest.fixture(scope="module", params=ENGINES)
def team(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return run(
        tmp_path_factory.mktemp("team"),
        engine=request.param,
        trainer="engine_trainers.team",
        method="grid",
        parameters={"seed": {"values": [1]}},
        resources={"cpu": 1, "processes": 3},
    )


def facts(team: Sweep) -> list[dict[str, str]]:
    return [json.loads(path.read_text()) for path in sorted(team.run.trial("t000").path.glob("rank-*.json"))]


def test_every_process_has_its_rank(team: Sweep) -> None:
    assert team.statuses == ["finished"]
    assert [fact["RANK"] for fact in facts(team)] == [fact["LOCAL_RANK"] for fact in facts(team)] == ["0", "1", "2"]
    assert {(fact["WORLD_SIZE"], fact["MASTER_ADDR"]) for fact in facts(team)} == {("3", "127.0.0.1")}
    assert len({fact["MASTER_PORT"] for fact in facts(team)}) == 1


def test_they_are_one_group_and_end_together(team: Sweep) -> None:
    assert {fact["group"] for fact in facts(team)} == {facts(team)[0]["pid"]}
    wait_until(lambda: not [fact for fact in facts(team) if is_alive(int(fact["pid"]))])


def test_only_rank_0_records(team: Sweep) -> None:
    (trial,) = team.trials
    assert (trial.steps, trial.evaluations) == (1, (1.0,))
    folder = team.run.trial("t000").path
    said = (folder / "output.log").read_text().splitlines()
    assert {"here is rank 0", "[rank1]: here is rank 1", "[rank2]: here is rank 2"} <= set(said)
    assert [path.name for path in folder.glob("events*")] == ["events.jsonl"]


def fail(folder: Path, engine: str, trainer: str, *how: str) -> Sweep:
    """A trial of three processes for each way to fail."""
    return run(
        folder,
        engine=engine,
        trainer=f"engine_trainers.{trainer}",
        method="grid",
        parameters={"how": {"values": list(how)}},
        resources={"cpu": 1, "processes": 3},
        concurrent=len(how),
    )


KILLED = "rank 2 was killed by SIGKILL (out of memory?); see output.log"


@pytest.fixture(scope="module", params=ENGINES)
def deaf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Of trials whose rank 0 hears nothing of the others' end."""
    return fail(tmp_path_factory.mktemp("deaf"), request.param, "waiting_team", "raise", "kill", "exit")


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ("raise", "failed", "rank 2: ZeroDivisionError: its own trouble"),
        ("kill", "lost", KILLED),
        ("exit", "lost", "rank 2 ended without a word, exit code 7; see output.log"),
    ],
)
def test_a_rank_that_fails_ends_a_trial_whose_rank_0_waits(deaf: Sweep, how: str, status: str, reason: str) -> None:
    ended = deaf.ended[deaf.by("how")[how].id]
    assert (ended.status, ended.reason) == (status, reason)


def test_the_failed_rank_s_own_traceback_is_kept_and_printed(deaf: Sweep) -> None:
    trial = deaf.by("how")["raise"].id
    *above, last = deaf.ended[trial].traceback.splitlines()
    assert last == "ZeroDivisionError: its own trouble"
    assert any("waiting_team.py" in line for line in above)
    assert f"[rank2]: {last}" in (deaf.run.trial(trial).path / "output.log").read_text().splitlines()


@pytest.fixture(scope="module", params=ENGINES)
def torn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Of trials whose processes wait for each other in collectives, which fail when another process is gone."""
    how = ("raise 2", "raise 0", "refuse 2", "kill 2", "hang 2")
    return fail(tmp_path_factory.mktemp("torn"), request.param, "failing_team", *how)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ("raise 2", "failed", "rank 2: ZeroDivisionError: its own trouble"),
        ("raise 0", "failed", "ZeroDivisionError: its own trouble"),
        ("refuse 2", "failed", "row 7 cannot be read"),
        ("kill 2", "lost", KILLED),
        ("hang 2", "finished", ""),
    ],
)
def test_the_error_of_a_trial_is_that_of_the_rank_that_failed_first(
    torn: Sweep, how: str, status: str, reason: str
) -> None:
    trial = torn.by("how")[how]
    ended = torn.ended[trial.id]
    assert (ended.status, ended.reason) == (status, reason)
    assert "peer" not in ended.traceback
    assert trial.steps == (5 if status == "finished" else 2)


def test_a_process_that_is_alone_has_no_rank(tmp_path: Path) -> None:
    assert rank_variables(1) == [{}]
