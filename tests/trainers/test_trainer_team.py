"""Several processes that train one model, on loopback."""

from __future__ import annotations

import json
from typing import Any

import pytest
import team_member
import torch
from ranks_launch import free_ports, launch

from trainers.contract import InputError, TrainerConfig
from trainers.devices.cpu import CpuDevice
from trainers.devices.team import Place, Team, place


class Member(Team):
    """Knows its place, and has nobody to talk to."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank = rank
        self.size = size


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the two processes of `team_member` saw, started in torchrun's words."""
    folder = tmp_path_factory.mktemp("team")
    launch(team_member.__file__, [str(folder), str(free_ports(1)[0])])
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.slow
def test_both_do_what_one_with_the_averaged_gradient_does(ranks: list[dict[str, Any]]) -> None:
    device, config = CpuDevice(), TrainerConfig()
    # What the second process would see: building it draws the same numbers.
    other = team_member.build(config, device, Member(1, 2))
    task = team_member.build(config, device, Member(0, 2))
    losses = []
    for step, batches in enumerate(zip(both_passes(task), both_passes(other), strict=True), start=1):
        task.optimizer.zero_grad()
        pair = [task.loss(batch)["loss"] for batch in batches]
        mean = torch.stack(pair).mean()
        mean.backward()
        task.optimizer.step()
        losses.append(float(mean.detach()))
        if step == 2:
            task.schedule.steer("lr", 0.02)
    told = [metrics["loss"] for kind, _, metrics in ranks[0]["plain"]["told"] if kind == "Step"]
    assert told == pytest.approx(losses, rel=1e-5)
    for found, expected in zip(ranks[0]["plain"]["weights"], team_member.weights(task), strict=True):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)


def both_passes(task: Any) -> list[Any]:
    return [batch for _ in range(3) for batch in task.batches][:10]


@pytest.mark.slow
def test_both_have_the_same_weights_and_tell_the_same(ranks: list[dict[str, Any]]) -> None:
    for name in ("plain", "whole", "cut", "rest"):
        assert ranks[0][name]["weights"] == ranks[1][name]["weights"]
        assert ranks[0][name]["told"] == ranks[1][name]["told"]
    assert ranks[0]["whole"]["draw"] != ranks[1]["whole"]["draw"], "dropout is not the same in both"


@pytest.mark.slow
def test_a_command_to_the_first_reaches_both_at_the_same_step(ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        rates = {step: metrics["lr"] for kind, step, metrics in rank["plain"]["told"] if kind == "Step"}
        assert [rates[step] for step in (1, 2, 3, 10)] == [0.01, 0.01, 0.02, 0.02]


@pytest.mark.slow
def test_both_go_on_from_a_checkpoint_as_if_they_had_not_been_cut(ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        whole, rest = rank["whole"], rank["rest"]
        assert rank["cut"] == whole, "asking for a checkpoint changed the training"
        assert rest["told"] == [event for event in whole["told"] if event[1] > team_member.CUT]
        assert (rest["weights"], rest["draw"]) == (whole["weights"], whole["draw"])


@pytest.mark.slow
def test_both_leave_when_the_first_is_closed(ranks: list[dict[str, Any]]) -> None:
    assert [rank["left after"] for rank in ranks] == [3, 3]


@pytest.mark.slow
def test_gradients_are_those_of_data_parallel_training_to_the_bit(ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        assert rank["averaged"]["own"] == rank["averaged"]["ddp"]


@pytest.mark.slow
def test_several_backward_passes_are_averaged_once(ranks: list[dict[str, Any]]) -> None:
    assert ranks[0]["averaged"]["two passes"] == ranks[1]["averaged"]["two passes"]
    expected = []
    for rank in range(2):
        torch.manual_seed(rank)
        rows = torch.randn(2, 8, 5)
        torch.manual_seed(7)
        model = team_member.Parts()
        for part in rows:
            model(part, 0, 1).backward()
        expected.append(team_member.gradients(model))
    check_means(ranks[0]["averaged"]["two passes"], *expected)


@pytest.mark.slow
def test_a_parameter_that_a_process_does_not_use_counts_as_a_gradient_of_0(ranks: list[dict[str, Any]]) -> None:
    expected = []
    for rank in range(2):
        torch.manual_seed(rank)
        rows = torch.randn(2, 8, 5)[0]
        torch.manual_seed(7)
        model = team_member.Parts()
        model(rows, 0, 2 if rank else 1).backward()
        expected.append(team_member.gradients(model))
    for found in ranks:
        check_means(found["averaged"]["parts"], *expected)
    assert ranks[0]["averaged"]["parts"][3] is None, "nobody has used it"


def check_means(found: list[Any], first: list[Any], second: list[Any]) -> None:
    for one, mine, other in zip(found, first, second, strict=True):
        parts = [part for part in (mine, other) if part is not None]
        assert (one is None) == (not parts)
        if parts:
            assert one == pytest.approx([sum(values) / 2 for values in zip(*parts, strict=True)], rel=1e-5, abs=1e-8)


@pytest.mark.slow
def test_what_does_not_go_together_is_said(ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        assert "`team.alone()` around all but its last" in rank["averaged"]["said of two passes"]
        assert "1 parameters differ, first of all parts.3.bias;" in rank["averaged"]["said of weights"]


@pytest.mark.slow
def test_a_trainer_runs_in_two_processes_and_speaks_once(ranks: list[dict[str, Any]]) -> None:
    lines = ranks[0]["said"]
    assert "processes=2" in lines[1]
    assert [line.split(",")[0] for line in lines[2:4]] == ["Train Step 1", "Train Step 2"]
    assert len([line for line in lines if line.startswith("[RESULT]")]) == 1
    assert ranks[1]["said"] == []


def test_places_are_in_the_words_of_torchrun() -> None:
    words = {"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "4242"}
    assert place(words) == Place(rank=3, local_rank=1, size=4, host="127.0.0.1", port=4242)
    assert place({}) is None
    assert place(words | {"WORLD_SIZE": "1"}) is None
    for name in ("RANK", "MASTER_ADDR"):
        with pytest.raises(InputError, match="start the processes with torchrun, or unset WORLD_SIZE"):
            place({key: value for key, value in words.items() if key != name})
    with pytest.raises(InputError, match="start the processes with torchrun"):
        place(words | {"WORLD_SIZE": "all"})


def test_batches_of_a_team_are_shares_of_one_order() -> None:
    device, config = CpuDevice(), TrainerConfig()
    shares = [team_member.build(config, device, Member(rank, 2)).batches for rank in range(2)]
    together = torch.cat([batch["x"] for share in shares for batch in share])
    assert len(together.unique(dim=0)) == 16, "no row is in two shares"
    with pytest.raises(InputError, match="batch_size = 2 in each of 10 processes is more than the 18 training rows"):
        team_member.build(config, device, Member(0, 10))
