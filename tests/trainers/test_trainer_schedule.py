from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from trainers import courses
from trainers.courses import Plateau
from trainers.parameter_groups import decay_groups
from trainers.schedule import Schedule


def make(kind: str = "none", **options: object) -> tuple[torch.optim.Optimizer, Schedule]:
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in (0.1, 0.2)]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    return optimizer, Schedule(optimizer, ("image", "head"), kind, total_steps=10, **options)  # type: ignore[arg-type]


def rates(optimizer: torch.optim.Optimizer) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


def test_none_keeps_the_rates() -> None:
    optimizer, schedule = make()
    schedule.before_step(7)
    schedule.after_evaluation(0.5)
    schedule.after_evaluation(0.4)
    assert rates(optimizer) == [0.1, 0.2]


def test_cosine_falls_from_the_base_to_nearly_zero() -> None:
    optimizer, schedule = make("cosine")
    found = []
    for step in range(1, 11):
        schedule.before_step(step)
        found.append(rates(optimizer)[0])
    assert found[0] == pytest.approx(0.1)
    assert found[5] == pytest.approx(0.05)
    assert found[9] == pytest.approx(0.05 * (1 + math.cos(0.9 * math.pi)))
    assert found == sorted(found, reverse=True)


def test_noam_is_the_formula_of_the_paper() -> None:
    """f·d^-½·min(t^-½, t·w^-1.5) of Vaswani et al. 2017 (section 5.3), here with f = 2, w = 4000 and d = 512."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2 / math.sqrt(512 * 4000))
    schedule = Schedule(optimizer, ("all",), "noam", warmup_steps=4000)
    for step, rate in ((1, 3.4939e-7), (2000, 6.9877e-4), (4000, 1.39754e-3), (16_000, 6.9877e-4)):
        schedule.before_step(step)
        assert rates(optimizer)[0] == pytest.approx(2 * 512**-0.5 * min(step**-0.5, step * 4000**-1.5))
        assert rates(optimizer)[0] == pytest.approx(rate, rel=1e-4)


@pytest.mark.parametrize(("goal", "values"), [("maximize", (0.5, 0.6, 0.6)), ("minimize", (0.5, 0.4, math.nan))])
def test_plateau_drops_when_an_evaluation_is_not_better(goal: str, values: tuple[float, ...]) -> None:
    optimizer, schedule = make("plateau", plateau=Plateau(goal=goal))  # type: ignore[arg-type]
    for number, value in enumerate(values):
        schedule.after_evaluation(value)
        schedule.before_step(number + 1)
    assert rates(optimizer) == pytest.approx([0.01, 0.02])


def test_steering_lr_changes_the_groups_without_a_rate_of_their_own() -> None:
    optimizer, schedule = make(own_rate=["head"])
    schedule.steer("lr", 0.5)
    assert rates(optimizer) == [0.5, 0.2]
    schedule.steer("head_lr", 0.7)
    assert rates(optimizer) == [0.5, 0.7]
    schedule.steer("dropout", 0.9)
    assert schedule.rates() == {"lr": 0.5, "image_lr": 0.5, "head_lr": 0.7}


def test_steering_keeps_the_course_of_the_schedule() -> None:
    optimizer, schedule = make("cosine")
    schedule.before_step(6)
    schedule.steer("lr", 1.0)
    assert rates(optimizer) == pytest.approx([0.5, 0.5])


def test_steering_the_weight_decay_changes_what_the_optimizer_does() -> None:
    parameter = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.AdamW([parameter], lr=0.1, weight_decay=0.0)
    schedule = Schedule(optimizer, ("all",))
    schedule.steer("weight_decay", 0.5)
    schedule.before_step(1)
    parameter.grad = torch.zeros(1)
    optimizer.step()
    assert parameter.item() == pytest.approx(1 - 0.1 * 0.5)


def test_its_state_goes_on_where_it_was() -> None:
    _, schedule = make("plateau")
    schedule.after_evaluation(0.5)
    schedule.after_evaluation(0.5)
    other_optimizer, other = make("plateau")
    other.load_state_dict(schedule.state_dict())
    assert rates(other_optimizer) == pytest.approx([0.01, 0.02])


def test_equal_rates_are_reported_once() -> None:
    _, schedule = make()
    schedule.steer("lr", 0.3)
    assert schedule.rates() == {"lr": 0.3}


def test_a_cosine_falls_from_the_end_of_its_warm_up() -> None:
    optimizer, schedule = make("cosine", warmup=0.4)
    found = []
    for step in range(1, 11):
        schedule.before_step(step)
        found.append(rates(optimizer)[0] / 0.1)
    falling = [0.5 * (1 + math.cos(math.pi * fallen / 6)) for fallen in range(6)]
    assert found == pytest.approx([1 / 4, 2 / 4, 3 / 4, 1, *falling])


def test_settings_are_those_of_the_course() -> None:
    assert make()[1].settings() == {"scheduler": "none", "lr_scale": 1.0}
    assert make("linear", warmup=0.2, scale=2)[1].settings() == {"scheduler": "linear", "lr_scale": 2, "warmup": 0.2}
    plateau = make("plateau", plateau=Plateau(factor=0.5, patience=3))[1].settings()
    assert plateau == {"scheduler": "plateau", "lr_scale": 1.0, "plateau_factor": 0.5, "plateau_patience": 3}


def test_unknown_courses_are_refused() -> None:
    with pytest.raises(ValueError, match="'step' is none of none, cosine, linear, noam, plateau"):
        make("step")


def test_a_warm_up_rises_to_the_base_and_a_line_falls_from_it() -> None:
    optimizer, schedule = make("linear", warmup=0.4)
    found = []
    for step in range(1, 12):
        schedule.before_step(step)
        found.append(rates(optimizer)[0] / 0.1)
    assert found == pytest.approx([1 / 4, 2 / 4, 3 / 4, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0])
    assert [courses.linear(step, 4, 0.0) for step in (1, 2, 3, 4)] == [1, 3 / 4, 2 / 4, 1 / 4]


@pytest.mark.parametrize("goal", ["max", "min"])
def test_a_plateau_is_seen_as_torch_sees_it(goal: str) -> None:
    """With every parameter set, over a walk that gets better, worse, and better by less than the threshold."""
    shared = {"factor": 0.7, "patience": 1, "threshold": 1e-2, "cooldown": 2, "min_lr": 0.03, "eps": 1e-8}
    walk = torch.randn(60, generator=torch.Generator().manual_seed(1)).cumsum(0).mul(0.02).tolist()
    optimizer, schedule = make("plateau", plateau=Plateau(**shared, goal=f"{goal}imize"))  # type: ignore[arg-type]
    reference = make()[0]
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, mode=goal, threshold_mode="abs", **shared)  # type: ignore[arg-type]
    for step, value in enumerate(walk, start=1):
        theirs.step(value)
        schedule.after_evaluation(value)
        schedule.before_step(step)
        assert rates(optimizer) == pytest.approx(rates(reference))
    assert rates(optimizer)[0] < 0.1


def test_a_plateau_goes_on_with_its_patience() -> None:
    _, schedule = make("plateau", plateau=Plateau(patience=1))
    for value in (0.5, 0.5):
        schedule.after_evaluation(value)
    optimizer, other = make("plateau", plateau=Plateau(patience=1))
    other.load_state_dict(schedule.state_dict())
    other.after_evaluation(0.5)
    other.before_step(1)
    assert rates(optimizer) == pytest.approx([0.01, 0.02])


def test_rates_are_scaled_also_when_they_are_steered() -> None:
    optimizer, schedule = make(scale=4)
    assert rates(optimizer) == [0.4, 0.8]
    schedule.steer("head_lr", 0.5)
    assert schedule.rates() == {"lr": 0.4, "image_lr": 0.4, "head_lr": 2.0}


def test_biases_and_norms_do_not_decay_and_do_not_learn_to_by_steering() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3), nn.Embedding(4, 3))
    model.add_module("tied", model[0])
    groups, names = decay_groups(model, 0.001)
    assert names == ("decay", "no_decay")
    assert [[tuple(p.shape) for p in group["params"]] for group in groups] == [[(3, 3), (4, 3)], [(3,), (3,), (3,)]]
    optimizer = torch.optim.AdamW(groups, lr=0.1)
    Schedule(optimizer, names).steer("weight_decay", 0.5)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5, 0.0]
