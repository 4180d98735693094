from __future__ import annotations

import math

import pytest
import torch
from torch import nn

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
    optimizer, schedule = make("plateau", goal=goal)
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


def test_unknown_courses_are_refused() -> None:
    with pytest.raises(ValueError, match="'step' is none of none, cosine, plateau, noam"):
        make("step")
