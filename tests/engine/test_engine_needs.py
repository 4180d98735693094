"""What a node is asked for before it gets trials, and how many trials fit on several of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sweeping import plan_of, search

from cockpit.engine.needs import code_to_ship, needs_of, path_digest, problems
from cockpit.engine.room import Room, cluster_share


def test_a_node_with_the_same_code_and_data_is_fine_and_others_say_why(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.csv").write_text("a,b\n")
    needs = replace(needs_of(plan_of()), paths=((str(data), path_digest(data)),))
    assert list(problems(needs)) == []
    (data / "train.csv").write_text("a,b\n1,2\n")
    assert list(problems(needs)) == [f"{data} has other contents; copy it anew"]
    elsewhere = replace(needs, paths=(("/nowhere", "x"),), code="older", modules=("no_such_module.at_all",))
    assert [problem.split(";")[0] for problem in problems(elsewhere)] == [
        "/nowhere is not there",
        "it runs other code of the cockpit",
        "the module no_such_module.at_all is not installed there",
    ]


def test_a_trainer_of_the_user_is_shipped_with_our_packages() -> None:
    names = [
        Path(path).name
        for path in code_to_ship(plan_of(trainer="engine_trainers.probe", parameters={"x": {"value": 1.0}}))
    ]
    assert names == ["cockpit", "trainers", "engine_trainers"]
    assert [Path(path).name for path in code_to_ship(plan_of())] == ["cockpit", "trainers"]


@pytest.mark.parametrize(
    ("rooms", "keys", "expected"),
    [
        ([Room(4, 0), Room(3, 0)], {"resources": {"cpu": 2}}, (3, 2.0, 0.0)),
        ([Room(4, 0), Room(3, 0)], {"concurrent": 2}, (2, 1.0, 0.0)),
        ([Room(1, 0)], {"resources": {"cpu": 2}}, (0, 2.0, 0.0)),
        ([Room(8, 0), Room(8, 2)], {}, (2, 1.0, 1.0)),
        ([Room(8, 2), Room(8, 1)], {"resources": {"gpu": 0.5}}, (6, 1.0, 0.5)),
        ([Room(8, 3), Room(8, 3)], {"resources": {"gpu": 2}}, (2, 1.0, 2.0)),
    ],
)
def test_no_trial_is_spread_over_nodes(
    rooms: list[Room], keys: dict[str, object], expected: tuple[int, float, float]
) -> None:
    share = cluster_share(search(engine="ray", **keys), "auto", rooms)
    assert (share.concurrent, share.cpu, share.gpu) == expected
