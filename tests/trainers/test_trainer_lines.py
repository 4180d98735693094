from __future__ import annotations

import math

import pytest

from trainers.contract import Built, Eval, GroupNorms, Saved, Step
from trainers.lines import format_event

NORMS = GroupNorms("rest", 76.284134, 212.603531, 3.284097, 5.306246, 9.0, 0, 1e-3)


def test_a_step_reads_like_the_old_logs() -> None:
    metrics = {"final_score": 0.94857, "loss": 0.4848, "mc_score": 0.69327, "lr": 5e-06}
    assert format_event(Step("train", 0, 50, metrics, 119.47729)) == [
        "Train Step 50, loss: 0.48480, lr: 5e-06, final_score: 0.94857, mc_score: 0.69327, time: 119.47729"
    ]


def test_a_result_counts_epochs_from_one() -> None:
    metrics = {"loss": 0.63544, "final_score": 0.95572, "mc_score": 0.60239}
    assert format_event(Eval("valid", 0, 100, metrics, 63.45235)) == [
        "[RESULT]: Validation. Epoch: 1, loss: 0.63544, final_score: 0.95572, mc_score: 0.60239, time: 63.45235"
    ]


def test_norms_are_numbered_by_the_order_of_groups() -> None:
    step = Step("train", 0, 1, {"loss": 1.0}, 2.0, (NORMS,))
    assert format_event(step, ("decay", "rest"))[1:] == [
        "params info pg1: norm std(212.603531) mean(76.284134)",
        "grad info pg1: norm std(5.306246) mean(3.284097)",
    ]
    assert format_event(step)[1] == "params info pg0: norm std(212.603531) mean(76.284134)"


def test_rows_of_layers_are_recorded_and_not_printed() -> None:
    assert len(format_event(Step("train", 0, 1, {"loss": 1.0}, 2.0, (NORMS,)), ("decay", "no_decay"))) == 1


@pytest.mark.parametrize(
    ("phase", "step_name", "result_name"),
    [
        ("train", "Train", "Train"),
        ("valid", "Valid", "Validation"),
        ("tune", "Tune_Train", "Tune_Validation"),
        ("tune_train", "Tune_Train", "Tune_Train"),
        ("tune_valid", "Tune_Valid", "Tune_Validation"),
        ("test", "Test", "Test"),
    ],
)
def test_phases_have_the_names_of_the_logs(phase: str, step_name: str, result_name: str) -> None:
    assert format_event(Step(phase, 0, 3, {}, 0.0)) == [f"{step_name} Step 3, time: 0.00000"]
    assert format_event(Eval(phase, 1, 3, {}, 0.0)) == [f"[RESULT]: {result_name}. Epoch: 2, time: 0.00000"]


def test_rates_keep_their_digits_and_other_numbers_five_decimals() -> None:
    metrics = {"loss": math.nan, "lr": 0.0005, "text_lr": 1.25e-05, "s": 32.0, "worst": math.inf}
    assert format_event(Step("train", 0, 1, metrics, 1.0)) == [
        "Train Step 1, loss: nan, lr: 0.0005, text_lr: 1.25e-05, s: 32.00000, worst: inf, time: 1.00000"
    ]


def test_saved_files_have_a_line_and_built_has_none() -> None:
    assert format_event(Saved("out/best.pt", 5, "best")) == ["Saved best: out/best.pt"]
    assert format_event(Built({"lr": 1.0}, 10)) == []
