"""What is wrong with gradients is said with group and step."""

import math

import pytest

from cockpit.store.norm_alerts import alert_lines, norm_alerts, standing_out
from cockpit.store.rows import NormRow


def row(step, group="body", grad_mean=1.0, grad_max=2.0, nonfinite=0, update_ratio=1e-3, **named):
    return NormRow(step, group, 10.0, 1.0, grad_mean, 0.1, grad_max, nonfinite, update_ratio, **named)


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


def texts(rows):
    return {alert.kind: alert.text for alert in norm_alerts(rows)}


def test_a_tensor_that_never_gets_a_gradient_is_named():
    dead = {"zero": 7, "names": {"zero": ["a", "b", "c", "d", "e"]}}
    rows = [row(step, **dead) for step in range(3)]
    assert texts(rows) == {"dead": "body: no gradient reaches a, b, c, d, e and 2 more since step 0"}
    assert texts(rows[:2]) == {}


def test_a_tensor_without_a_gradient_now_and_then_is_no_dead_one():
    rows = [row(step, zero=1, names={"zero": ["ab"[step % 2]]}) for step in range(20)]
    assert texts(rows) == {}


def test_a_tensor_that_does_not_change_is_named():
    rows = [row(step, unchanged=1, names={"unchanged": ["scale"]}) for step in range(5)]
    assert texts(rows) == {"stuck": "body: gradients do not change scale since step 0"}


def test_a_group_without_any_gradient_is_not_told_twice():
    rows = [row(step, grad_mean=0.0, grad_max=0.0, zero=1, names={"zero": ["a"]}) for step in range(5)]
    assert list(texts(rows)) == ["zero"]


def test_where_gradients_explode_is_told():
    rows = [*(row(step) for step in range(9)), row(9, grad_mean=50.0, largest="head.weight")]
    assert texts(rows)["exploding"].endswith("50 times the usual 1, most of it in head.weight at step 9")
    broken = row(9, nonfinite=1, names={"nonfinite": ["x"]})
    assert texts([broken]) == {"nonfinite": "body: 1 gradient is NaN or infinite (x) at step 9"}


def test_a_norm_that_grows_slowly_over_the_run_is_told():
    rows = [row(step, grad_mean=1.15**step, largest="head.weight") for step in range(40)]
    assert texts(rows) == {
        "growing": "body: the gradient norm has grown to 66 times what it was at the beginning, most of it in "
        "head.weight at step 39"
    }
    assert texts([row(step, grad_mean=1.05**step) for step in range(40)]) == {}


def test_what_stands_out_is_told_in_the_table():
    told = row(1, zero=3, unchanged=1, names={"zero": ["a", "b"], "unchanged": ["c"]})
    assert standing_out(told) == "no gradient: a, b and 1 more; unchanged: c"
    assert standing_out(row(1)) == ""


def test_how_long_it_has_been_so_is_told():
    bad = [row(step, nonfinite=2) for step in (20, 30)]
    assert texts([row(10), *bad]) == {"nonfinite": "body: 2 gradients are NaN or infinite since step 20"}
    assert texts([row(10), *bad, row(40)]) == {"nonfinite": "body: 2 gradients are NaN or infinite at steps 20–30"}
    assert texts([bad[0], row(25), bad[1]]) == {"nonfinite": "body: 2 gradients are NaN or infinite at step 30"}


def test_of_a_part_of_the_record_nobody_knows_since_when_it_has_been_so():
    def said(rows):
        return [alert.text.partition("NaN or infinite ")[2] for alert in norm_alerts(rows, whole=False)]

    bad = [row(step, nonfinite=2) for step in (20, 30)]
    assert said(bad) == ["at step 30"]
    assert said([row(10), *bad]) == ["since step 20"]


def test_groups_with_the_same_trouble_share_a_line():
    rows = [row(step, f"layer{number}", 0.0, 0.0) for step in (1, 2) for number in range(5)]
    lines = alert_lines(norm_alerts([*rows, row(2, "head", nonfinite=1), row(2, "tail", 0.0, 0.0)]))
    assert lines == [
        "layer0, layer1, layer2 and 2 more: all gradients are zero (frozen, or cut off?) since step 1",
        "head: 1 gradient is NaN or infinite at step 2",
        "tail: all gradients are zero (frozen, or cut off?) at step 2",
    ]


def test_large_numbers_are_told_in_few_digits():
    rows = [*(row(step) for step in range(9)), row(9, grad_mean=5e16)]
    assert texts(rows)["exploding"] == "body: the gradient norm is 5.0e+16 times the usual 1 at step 9"
    assert texts([row(1, update_ratio=25.0)])["update"] == (
        "body: one step changes the parameters by 25 times their norm at step 1"
    )


def test_an_update_of_parameters_that_begin_at_zero_is_none_to_worry_about():
    begun = NormRow(1, "biases", 0.0, 0.0, 1.0, 0.1, 2.0, 0, 1e10)
    assert norm_alerts([begun]) == []
