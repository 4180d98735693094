"""What is wrong with gradients is said with group and step."""

import math

import pytest

from cockpit.store.norm_alerts import norm_alerts
from cockpit.store.rows import NormRow


def row(step, group="body", grad_mean=1.0, grad_max=2.0, nonfinite=0, update_ratio=1e-3):
    return NormRow(step, group, 10.0, 1.0, grad_mean, 0.1, grad_max, nonfinite, update_ratio)


def test_usual_norms_raise_no_alarm():
    assert norm_alerts([row(step, grad_mean=1.0 + step % 3) for step in range(50)]) == []
    assert norm_alerts([]) == []


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (row(60, nonfinite=3), "nonfinite"),
        (row(60, grad_mean=math.nan), "nonfinite"),
        (row(60, grad_mean=math.inf), "nonfinite"),
        (row(60, grad_mean=0.0, grad_max=0.0), "zero"),
        (row(60, grad_mean=25.0), "exploding"),
        (row(60, update_ratio=0.5), "update"),
    ],
)
def test_each_kind_of_trouble_is_told(bad, kind):
    (alert,) = norm_alerts([*(row(step) for step in range(50)), bad])
    assert (alert.kind, alert.group, alert.step) == (kind, "body", 60)
    assert "body" in alert.text
    assert "60" in alert.text


def test_a_group_is_held_against_itself():
    rows = [found for step in range(20) for found in (row(step, "body", 0.01), row(step, "head", 5.0))]
    assert norm_alerts(rows) == []


def test_the_first_steps_are_no_measure():
    assert norm_alerts([row(0, grad_mean=0.001), row(1, grad_mean=5.0)]) == []


def test_the_newest_of_each_kind_stands_first():
    rows = [row(step, nonfinite=step in (3, 9)) for step in range(10)] + [row(11, "head", 0.0, 0.0)]
    assert [(alert.group, alert.step) for alert in norm_alerts(rows)] == [("head", 11), ("body", 9)]
