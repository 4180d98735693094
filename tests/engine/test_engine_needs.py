"""What a node is asked for before it gets trials, and how many trials fit on several of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sweeping import plan_of, search

from cockpit.engine.machine import Share
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
    plan = plan_of(trainer="engine_trainers.probe", parameters={"x": {"value": 1.0}})
    names = [Path(path).name for path in code_to_ship(plan)]
    assert names == ["cockpit", "trainers", "engine_trainers"]
    assert [Path(path).name for path in code_to_ship(plan_of())] == ["cockpit", "trainers"]


FOUR, EIGHT = Room(96, 0, tpu=4), Room(224, 0, tpu=8)


@pytest.mark.parametrize(
    ("device", "rooms", "keys", "expected"),
    [
        ("auto", [Room(8, 0), FOUR, FOUR], {}, (2, 96.0, 0.0, 4.0)),
        ("tpu", [Room(8, 0), FOUR, FOUR], {"concurrent": 1}, (1, 96.0, 0.0, 4.0)),
        ("tpu", [FOUR, FOUR], {"resources": {"cpu": 2}}, (2, 2.0, 0.0, 4.0)),
        ("xla", [FOUR, EIGHT], {}, (1, 224.0, 0.0, 8.0)),
        ("xla", [FOUR], {"resources": {"tpu": 1}}, (1, 96.0, 0.0, 4.0)),
        ("tpu", [FOUR, FOUR], {"resources": {"tpu": 8}}, (0, 1.0, 0.0, 8.0)),
        ("cpu", [Room(8, 0), FOUR], {}, (104, 1.0, 0.0, 0.0)),
        ("auto", [Room(8, 2), FOUR], {}, (2, 1.0, 1.0, 0.0)),
        ("auto", [Room(8, 0)], {}, (8, 1.0, 0.0, 0.0)),
        ("tpu", [], {}, (0, 1.0, 0.0, 0.0)),
    ],
)
def test_a_trial_has_all_chips_of_a_node(
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    rooms: list[Room],
    keys: dict[str, object],
    expected: tuple[int, float, float, float],
) -> None:
    monkeypatch.delenv("PJRT_DEVICE", raising=False)
    share = cluster_share(search(engine="ray", **keys), device, rooms)
    assert (share.concurrent, share.cpu, share.gpu, share.tpu) == expected


def test_xla_on_other_hardware_takes_no_chips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PJRT_DEVICE", "CPU")
    assert cluster_share(search(engine="ray"), "xla", [FOUR]) == Share(96, 1.0, 0.0)


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
