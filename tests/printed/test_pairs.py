import pytest
from printed.reading import brief, metrics, read

LINES = {
    "epoch 3 | step 120 | loss 0.35": [("step", "train", 3, 120, {"loss": 0.35})],
    "iter=7, loss=0.53s acc = 93.5 %\tlr: 1e-3": [("step", "train", 0, 7, {"loss": 0.53, "acc": 93.5, "lr": 0.001})],
    "Epoch [1/5], Step [100/600], Loss: 0.3512": [("step", "train", 0, 100, {"loss": 0.3512})],
    "Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.26": [("step", "train", 1, 640, {"loss": 2.26})],
    "Test set: Average loss: 0.0288, Accuracy: 9907/10000 (99%)": [
        ("eval", "test", 0, 1, {"loss": 0.0288, "accuracy": 0.9907})
    ],
    "Epoch: [2][  10/50]\tTime  0.5 ( 0.6)\tLoss 6.9e+00 (7.0e+00)\tAcc@1   0.50 (  0.10)": [
        ("step", "train", 2, 10, {"loss": 6.9, "acc@1": 0.5})
    ],
    "step 250: train loss 4.2874, val loss 4.2823": [
        ("step", "train", 0, 250, {"loss": 4.2874}),
        ("eval", "valid", 0, 250, {"loss": 4.2823}),
    ],
    "Epoch 1/10 | Train: loss 0.5 acc 0.8 | Val: loss 0.4 acc 0.9": [
        ("step", "train", 0, 1, {"loss": 0.5, "acc": 0.8}),
        ("eval", "valid", 0, 1, {"loss": 0.4, "acc": 0.9}),
    ],
    "[2,  2000] loss: 2.199": [("step", "train", 2, 2000, {"loss": 2.199})],
    "INFO:absl:[500] validation_accuracy=0.98, validation_loss=tensor(0.06, device='cuda:0')": [
        ("eval", "valid", 0, 500, {"accuracy": 0.98, "loss": 0.06})
    ],
    "2026-11-01 10:00:00,123 - train - INFO - epoch=1 step=5 loss=nan": None,
    "Epoch 1 Iteration 20: Loss = 0.09, Number of mined triplets = 113533": [
        ("step", "train", 1, 20, {"loss": 0.09, "number_of_mined_triplets": 113533.0})
    ],
    "{'eval/f1': 0.5, 'n': 3}": [("step", "train", 0, 1, {"n": 3.0}), ("eval", "valid", 0, 1, {"f1": 0.5})],
    "Validation set accuracy (Precision@1) = 0.9228": [("eval", "valid", 0, 1, {"accuracy": 0.9228})],
    "step: 3, tokens_per_sec: 1,234,567": [("step", "train", 0, 3, {"tokens_per_sec": 1234567.0})],
}


@pytest.mark.parametrize("line", LINES)
def test_lines_that_count(line):
    if LINES[line] is not None:
        assert brief(line) == LINES[line]
    else:
        (event,) = brief(line)
        assert event[:4] == ("step", "train", 1, 5) and list(event[4]) == ["loss"]


ORDINARY = """\
batch_size: 32
batch: 32, lr: 0.1
Loading data: 100 files
2026-11-01 10:00:00 INFO
2026-11-01 10:00:00 INFO loading shard 3 of the training data
10:00:00 elapsed: 0:00:05
Namespace(lr=0.1, loss=0.5, step=3, inner=Namespace(acc=0.5))
lr: 0.001
loss_weight: 0.5
label_smoothing: 0.1
score_threshold=0.5
precision: 16
max_steps: 100, save_steps: 50
python train.py --loss=0.5 --step=3
see http://127.0.0.1:6006/?loss=0.5&step=3
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 440.33.01    Driver Version: 440.33.01    CUDA Version: 10.2     |
| 45%   61C    P2    95W / 250W |   9470MiB / 11178MiB |     50%      Default |
Traceback (most recent call last):
  File "train.py", line 12, in <module>
    loss = 0.5
ValueError: loss: 0.5
src/loss.py:12: error: 3 arguments
error: 404
Step 1: download 3 files
train: 60000 examples
{'num_units': 16, 'dropout': 0.1, 'optimizer': 'adam'}
[12/34] Building CXX object
version: 1.2.3
Best val_loss: 0.3 at epoch 5
Saving checkpoint to runs/loss=0.53-step=5.ckpt
account: 3, mapping: 5, access = 7
Epoch 3: early stopping
"""


@pytest.mark.parametrize("metric", ["", "val_loss"])
def test_ordinary_lines_say_nothing(metric):
    alone = [line for line in ORDINARY.splitlines() if read(line, metric=metric)]
    assert alone == ["    loss = 0.5", "ValueError: loss: 0.5"]  # nothing but the traceback around them tells
    assert read(ORDINARY, metric=metric) == []


def test_a_heading_gives_its_phase_to_the_block_under_it():
    text = "[val] epoch: 2/15\n - total loss: 1.5\n - Accuracy: 0.6\n\n - loss: 0.4\n"
    assert [event[1:4] for event in brief(text)] == [("valid", 1, 1), ("valid", 1, 1), ("train", 1, 1)]


def test_the_metric_asked_for_is_an_evaluation():
    assert metrics("my/thing: 0.5, other: 3", metric="my_thing") == [("eval", "valid", {"my_thing": 0.5, "other": 3.0})]
    assert metrics("train my_thing: 0.5", metric="my_thing") == [("step", "train", {"my_thing": 0.5})]
    assert metrics("done: val_my_thing 0.5", metric="my_thing") == [("eval", "valid", {"my_thing": 0.5})]
    assert metrics("val.acc=0.5 acc=0.6", metric="val_acc") == [
        ("step", "train", {"acc": 0.6}),
        ("eval", "valid", {"val_acc": 0.5}),
    ]
    assert metrics("Test Accuracy: 0.5", metric="accuracy") == [("eval", "valid", {"accuracy": 0.5})]
    assert metrics("train_loss: 0.5", metric="train_loss") == [("eval", "valid", {"train_loss": 0.5})]
    assert metrics("Train Step 5, loss: 0.5, time: 1.0", metric="loss") == [("step", "train", {"loss": 0.5})]


def test_of_training_and_validation_that_print_the_same_name_validation_counts():
    text = "epoch 1 loss: 0.5, val_loss: 0.4\nloss: 0.3\nvalid loss: 0.2\ntest loss: 0.1\n"
    assert metrics(text, metric="loss") == [
        ("step", "train", {"loss": 0.5}),
        ("eval", "valid", {"loss": 0.4}),
        ("step", "train", {"loss": 0.3}),
        ("eval", "valid", {"loss": 0.2}),
        ("eval", "test", {"loss": 0.1}),
    ]


def test_lines_without_a_step_are_counted_or_stand_at_the_last_one():
    assert [event[3] for event in brief("loss: 0.5\nacc: 0.1\nval_acc: 0.2\nloss: 0.4\nval_acc: 0.3\n")] == [
        1,
        1,
        1,
        2,
        2,
    ]
    assert [event[3] for event in brief("step 7 loss: 0.5\nval_acc: 0.2\nval_acc: 0.3\n")] == [7, 7, 7]


def test_a_counter_that_begins_again_with_every_epoch_goes_on():
    text = "".join(f"epoch {epoch} batch {step}/4 loss: 0.5\n" for epoch in (1, 2, 3) for step in (2, 4))
    assert [event[2:4] for event in brief(text)] == [(1, 2), (1, 4), (2, 6), (2, 8), (3, 10), (3, 12)]
    assert [event[3] for event in brief("epoch 1 step 9 loss: 1\nepoch 2 step 9 loss: 1\n")] == [9, 18]
    assert [event[3] for event in brief("step 0 loss: 1\nstep 1 loss: 1\nstep 0 loss: 1\nstep 1 loss: 1\n")] == [
        0,
        1,
        2,
        3,
    ]
