import math

import pytest
from printed.reading import brief, read

from cockpit.events.kinds import Norms, Note, Saved
from trainers import contract
from trainers.lines import format_event

PREFIX = "[DEBUG]2020-06-18 10:36:25,041:utils:"


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_step_lines(prefix):
    text = f"""
{prefix}Train Step 0, loss: 0.00000, lr: 5e-06 final_score: 0.00000, mc_score: 0.00000, time: 0.04135
{prefix}Train Step 1, loss: 0.95281, lr: 5e-06 final_score: 0.43590, mc_score: -0.17949, time: 21.57958
{prefix}Train Step 2, bs: 16, loss: 0.5, final_score: 0.98592, time: 30
{prefix}Valid Step 3, loss: 0.6, final_score: 0.9, time: 2.0
{prefix}Device used: cpu, batch_size: 16
"""
    assert brief(text) == [
        ("step", "train", 0, 1, {"loss": 0.95281, "lr": 5e-06, "final_score": 0.4359, "mc_score": -0.17949}),
        ("step", "train", 0, 2, {"loss": 0.5, "final_score": 0.98592}),
        ("step", "valid", 0, 3, {"loss": 0.6, "final_score": 0.9}),
    ]
    assert [event.time for event in read(text)] == [21.57958, 30.0, 2.0]


RESULTS = """\
Train Step 2300, loss: 0.46885, final_score: 0.98592, time: 2692.24801
[RESULT]: Train. Epoch: 1, loss: 0.46894, final_score: 0.98586, time: 2737.68178
[RESULT]: Validation. Epoch: 1, loss: 0.63544, final_score: 0.95572, time:
28.67925
Train Step 0, loss: 0.00000, final_score: 0.00000, time: 0.07880
Train Step 50, loss: 0.48480, final_score: 0.94857, time: 119.47729
Train Step 0, loss: 0.00000, final_score: 0.00000, time: 0.07922
Train Step 50, loss: 0.46219, final_score: 0.96771, time: 60.06645
[RESULT]: Tune_Train. Epoch: 1, loss: 0.4, final_score: 0.97, time: 1
[RESULT]: Tune_Validation. Epoch: 1, loss: 0.3, final_score: 0.99, time: 1
"""


def test_results_and_tuning_on_the_validation_set():
    """A counter that begins again after a validation is tuning, twice; a run has one axis of steps."""
    found = brief(RESULTS, metric="final_score")
    assert [event[:4] for event in found] == [
        ("step", "train", 0, 2300),
        ("eval", "train", 0, 2300),
        ("eval", "valid", 0, 2300),
        ("step", "tune", 0, 2350),
        ("step", "tune", 1, 2400),
        ("eval", "tune_train", 0, 2400),
        ("eval", "tune_valid", 0, 2400),
    ]
    assert read(RESULTS)[2].time == 28.67925
    assert found[2][4] == {"loss": 0.63544, "final_score": 0.95572}


def test_a_wrapped_line_whose_rest_never_comes_counts_as_it_is():
    text = "[RESULT]: Validation. Epoch: 2, loss: 0.6,\nstep 5 loss 0.4\n[RESULT]: Train. Epoch: 3, loss: 0.5, time:"
    assert [event[:1] + event[2:] for event in brief(text)] == [
        ("eval", 1, 1, {"loss": 0.6}),
        ("step", 1, 5, {"loss": 0.4}),
        ("eval", 2, 5, {"loss": 0.5}),
    ]


def test_results_of_a_program_that_counts_epochs_from_0():
    text = "".join(f"[RESULT]: Validation. Epoch: {n}, loss: 0.6, time: 1\n" for n in (0, 1, 2))
    assert [event[2] for event in brief(text)] == [0, 1, 2]


def test_eight_workers_print_every_line_once_each():
    step = "Train Step {}, loss: 0.5, lr: 4e-05 final_score: 0.9, mc_score: 0.1, time: {}\n"
    late = [step.format(50, 10), step.format(25, 5.5), step.format(50, 10.2)]
    text = "".join([*(step.format(25, 5 + n) for n in range(8)), *late, *(RESULTS.splitlines(keepends=True)[1:2] * 8)])
    assert [event[:1] + event[3:4] for event in brief(text)] == [("step", 25), ("step", 50), ("eval", 50)]


def test_norms_of_a_group_are_one_event_and_an_optimizer_is_a_note_when_it_changes():
    text = """\
Train Step 7, loss: 0.8, lr: 5e-06 final_score: 0.3, mc_score: 0.0, time: 12.3
grad info: AdamW (
Parameter Group 0
    betas: (0.9, 0.999)
    loss: 5e-06

Parameter Group 1
    betas: (0.9, 0.999)
)
params info pg0: norm std(212.603531) mean(76.284134)
grad info pg0: norm std(5.306246) mean(3.284097)
grad info pg1: norm std(0.296042) mean(0.221219)
Train Step 8, loss: 0.7, lr: 5e-06 final_score: 0.3, mc_score: 0.0, time: 13.3
grad info: AdamW (
Parameter Group 0
    betas: (0.9, 0.999)
    loss: 5e-06
Parameter Group 1
    betas: (0.9, 0.999)
)
Adam (
Train Step 9, loss: 0.7, lr: 5e-06 final_score: 0.3, mc_score: 0.0, time: 14.3
"""
    step, optimizer, whole, half, after, last = read(text)
    assert (step.step, after.step, last.step) == (7, 8, 9)
    assert optimizer.text == "AdamW: group 0: betas (0.9, 0.999), loss 5e-06, group 1: betas (0.9, 0.999)"
    assert (whole.step, whole.group, whole.param_mean, whole.param_std) == (7, "pg0", 76.284134, 212.603531)
    assert (whole.grad_mean, whole.grad_std) == (3.284097, 5.306246)
    assert isinstance(half, Norms) and half.group == "pg1" and half.grad_mean == 0.221219
    assert math.isnan(half.param_mean)


def test_sentence_model():
    text = """\
 Epoch 0 Step: 239 Loss: 0.079534 Tokens per Sec: 2505.812324
Epoch 1 Step: 239 Loss: 0.071318 Tokens per Sec: 2318.768479
2019-01-07 10:05:32  - Saved model to files: ./my-model.sklearn.epoch_00000.gpu0 ./my-model.pytorch.epoch_00000.gpu0
Loaded model from files: a b
  test_jaccard_score: 0.885
  test_f1_score: 0.5306122448979592
"""
    first, second, *saved, loaded, jaccard, f1 = brief(text)
    assert first == ("step", "train", 0, 239, {"loss": 0.079534, "tokens_per_sec": 2505.812324})
    assert second[:4] == ("step", "train", 1, 478)
    assert [event.path for event in saved] == [
        "./my-model.sklearn.epoch_00000.gpu0",
        "./my-model.pytorch.epoch_00000.gpu0",
    ]
    assert loaded == Note(text="Loaded model from files: a b")
    assert jaccard == ("eval", "test", 1, 478, {"jaccard_score": 0.885})
    assert f1[4] == {"f1_score": 0.5306122448979592}


def test_fastai_and_shopee():
    text = """\
itr: 64, num_batch: 64, last loss: 1.044795, smooth_loss: 1.086013
on_backward_begin lr: 1e-05
loss_avg: 0.5, lr_pg0:0.001, lr_pg1: 0.002final_score:0.9, mc_score:0.4
th=0.5 , score=0.81
CV: 0.8618
model=distilbert_base [f1] 0.7689, [precision] 0.9785, [recall] 0.6955
<<<ensemble_MAJOR>>>: [f1] 0.7718, [precision] 0.9789, [recall] 0.6991
THRESHOLD: 18.5
best model found for epoch 3, 0.81 -> 0.82
0.80 is not improved from 0.82 epoch 4 / 9
finish training(スコアダメなので打ち切り).
LR: 4e-05
2020-05-05T10:00:00.123
LR: 3e-05
Prediction Step 50, time: 12.5
Kernel version 14 successfully pushed.
2019-01-07 10:05:32 - Writing to: ./utf8_dump.000000000000001.txt
"""
    steps = [event for event in brief(text) if not isinstance(event, Note)]
    assert [event[:2] + event[4:] for event in steps] == [
        ("step", "train", {"loss": 1.044795, "smooth_loss": 1.086013}),
        ("step", "train", {"lr": 1e-05}),
        ("step", "train", {"loss_avg": 0.5, "lr_pg0": 0.001, "lr_pg1": 0.002, "final_score": 0.9, "mc_score": 0.4}),
        ("eval", "valid", {"th": 0.5, "score": 0.81}),
        ("eval", "valid", {"cv": 0.8618}),
        ("eval", "valid", {"f1": 0.7689, "precision": 0.9785, "recall": 0.6955}),
        ("eval", "valid", {"f1": 0.7718, "precision": 0.9789, "recall": 0.6991}),
        ("eval", "valid", {"threshold": 18.5}),
        ("step", "train", {"lr": 3e-05}),  # not the one without a time before it
        ("step", "predict", {}),
    ]
    assert len([event for event in read(text) if isinstance(event, Note)]) == 5


def test_hugging_face_trainer():
    """Its dictionaries name no step: the bar above them does."""
    text = (
        "  1%|          | 10/1000 [00:01<02:00,  8it/s]\r                    \n"
        "{'loss': 0.52, 'grad_norm': 1.2, 'learning_rate': 4.9e-05, 'epoch': 0.1}\n"
        "  2%|▏         | 20/1000 [00:02<02:00,  8it/s]\r100%|██████████| 13/13 [00:01<00:00,  8it/s]\r\n"
        "{'eval_loss': '0.4', 'eval_accuracy': '0.9', 'eval_runtime': '2.5', 'epoch': '1'}\n"
        "{'train_runtime': 12.0, 'train_loss': 0.5, 'epoch': 3.0}\n"
    )
    assert brief(text, metric="eval_accuracy") == [
        ("step", "train", 0, 10, {"loss": 0.52, "grad_norm": 1.2, "learning_rate": 4.9e-05}),
        ("eval", "valid", 0, 20, {"loss": 0.4, "eval_accuracy": 0.9}),
        Note(text="{'train_runtime': 12.0, 'train_loss': 0.5, 'epoch': 3.0}"),
    ]


EVENTS = [
    contract.Step("train", 0, 1, {"loss": 0.5, "lr": 5e-06, "worst": math.inf, "recall@5": 0.25}, 1.5),
    contract.Step("train", 0, 2, {"loss": math.nan, "lr": 5e-06}, 2.5),
    contract.Eval("train", 0, 2, {"loss": 0.5}, 0.25),
    contract.Eval("valid", 0, 2, {"loss": 0.25, "score": 0.75}, 0.5),
    contract.Saved("runs/a b/best.pt", 2, "best"),
    contract.Step("train", 1, 3, {"loss": 0.125}, 3.5),
    contract.Step("valid", 1, 3, {"loss": 0.5}, 4.0),
    contract.Eval("valid", 1, 3, {"loss": 0.5}, 0.5),
    contract.Step("tune_train", 2, 4, {"loss": 0.25}, 1.0),
    contract.Eval("tune_valid", 2, 4, {"loss": 0.25}, 1.0),
]


def test_lines_of_our_own_trainers_come_back_as_the_events_they_were():
    text = "\n".join(line for event in EVENTS for line in format_event(event))
    found = read(text, metric="score")
    assert len(found) == len(EVENTS)
    for was, now in zip(EVENTS, found, strict=True):
        if isinstance(was, contract.Saved):
            assert now == Saved(path=was.path, step=was.step, label=was.label)
            continue
        assert type(now).__name__ == type(was).__name__
        assert (now.phase, now.epoch, now.step, now.time) == (was.phase, was.epoch, was.step, was.time)
        assert now.metrics.keys() == was.metrics.keys()
        assert all(now.metrics[name] == pytest.approx(value, nan_ok=True) for name, value in was.metrics.items())


def test_norms_of_our_own_trainers_come_back():
    one = contract.GroupNorms("head", 1.5, 0.5, 0.25, 0.125, 1.0, 0, 0.001)
    event = contract.Step("train", 0, 4, {"loss": 0.5}, 1.0, (one, one))
    _, first, second = read("\n".join(format_event(event, ["body", "head"])).replace("pg1", "pg0", 2))
    assert (first.group, second.group, first.step) == ("pg0", "pg1", 4)
    assert (first.param_mean, first.param_std, first.grad_mean, first.grad_std) == (1.5, 0.5, 0.25, 0.125)


def test_json_lines():
    text = """\
{"v":1,"kind":"eval","phase":"valid","epoch":2,"step":50,"acc":0.5,"loss":"NaN"}
{"kind":"norms","step":50,"group":"head","grad_mean":0.5}
{"global_step": 60, "epoch": 3, "train": {"loss": 0.3}, "eval": {"acc": 0.4}, "time": 1700000000.5, "name": "x"}
{"level": "info", "ts": 1700000000.5, "msg": "started", "port": 8080, "ok": true}
{"kind": "trial_ended", "trial": "t000", "status": "failed", "value": 0.3}
{"step": 70, "phase": "valid", "loss": NaN}
{"loss": 0.5
{"a": [[[[}
"""
    first, norms, *rest = brief(text, metric="acc")
    assert first[:4] == ("eval", "valid", 2, 50) and first[4]["acc"] == 0.5 and math.isnan(first[4]["loss"])
    assert (norms.group, norms.grad_mean) == ("head", 0.5)
    assert rest[:2] == [("step", "train", 3, 60, {"loss": 0.3}), ("eval", "valid", 3, 60, {"acc": 0.4})]
    assert [event[:4] for event in rest[2:]] == [("eval", "valid", 3, 70), ("step", "train", 3, 60)]
