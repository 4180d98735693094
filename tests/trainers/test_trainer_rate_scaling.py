"""Learning rates grow with the rows of a step by the same rule in every trainer."""

from __future__ import annotations

import math
from typing import cast

import pytest

from trainers import registry
from trainers.settings.rate_scaling import RateScaling

TRAINERS = [name for name in registry.names() if registry.find(name).uses_torch]


def config(trainer: str, **values: object) -> RateScaling:
    return cast(RateScaling, registry.build_config(registry.find(trainer), values))


@pytest.mark.parametrize("trainer", TRAINERS)
def test_all_trainers_have_the_rule(trainer: str) -> None:
    usual = config(trainer).batch_size
    assert config(trainer, lr_scaling="none").rate_scale(4) == 1.0
    assert config(trainer, lr_scaling="processes").rate_scale(4) == 4.0
    assert config(trainer, lr_scaling="linear").rate_scale(4) == 4.0
    assert config(trainer, lr_scaling="sqrt").rate_scale(4) == 2.0
    twice = config(trainer, lr_scaling="sqrt", batch_size=2 * usual, lr_batch=usual)
    assert twice.rate_scale(1) == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize("trainer", TRAINERS)
def test_without_the_rows_their_usual_number_means_nothing(trainer: str) -> None:
    assert "lr_batch" in config(trainer, lr_scaling="processes").ineffective()
    assert "lr_batch" not in config(trainer, lr_scaling="linear").ineffective()


def test_only_toxicity_scales_by_itself() -> None:
    scales = {trainer: config(trainer).rate_scale(8) for trainer in TRAINERS}
    assert scales.pop("toxicity") == 8.0
    assert set(scales.values()) == {1.0}
