"""A trial of several processes: ranks as torchrun gives them, one record, one end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sweeping import Sweep, is_alive, run

from cockpit.engine.ranks import rank_variables


@pytest.fixture(scope="module", params=["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
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
    assert not [fact for fact in facts(team) if is_alive(int(fact["pid"]))]


def test_only_rank_0_records(team: Sweep) -> None:
    (trial,) = team.trials
    assert (trial.steps, trial.evaluations) == (1, (1.0,))
    folder = team.run.trial("t000").path
    assert "here is rank 0" in (folder / "output.log").read_text()
    assert "here is rank 1" not in (folder / "output.log").read_text()
    assert (folder / "output.rank1.log").read_text().startswith("here is rank 1")


def test_a_process_that_is_alone_has_no_rank(tmp_path: Path) -> None:
    assert rank_variables(1) == [{}]
