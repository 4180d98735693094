"""What the lines of other tools say, one by one."""

import math

import pytest
from printed.reading import brief, metrics

LINES = [
    (
        "Train: 0 [  50/1251 (  4%)]  Loss: 6.92 (6.93)  Time: 0.291s,  879.72/s  (0.390s,  656.41/s)  LR: 1.000e-06",
        [("step", "train", {"loss": 6.92, "lr": 1e-6})],
    ),
    (
        "Test: [  47/48]  Time: 0.1 (0.5)  Loss:  6.81 (6.80)  Acc@1:  0.39 ( 0.49)",
        [("eval", "test", {"loss": 6.80, "acc@1": 0.49})],
    ),
    ("Test: [  10/48]  Time: 0.1 (0.5)  Loss:  6.81 (6.80)  Acc@1:  0.39 ( 0.49)", []),
    (
        "Epoch [1][50/7330]\tlr: 2.0e-03, eta: 1 day, 2:33:44, time: 0.4, memory: 3900, loss_cls: 0.98, loss: 1.7",
        [("step", "train", {"lr": 0.002, "memory": 3900.0, "loss_cls": 0.98, "loss": 1.7})],
    ),
    ("Epoch(val) [2][625]\tbbox_mAP: 0.274", [("eval", "valid", {"bbox_map": 0.274})]),
    ("Epoch(val) [2][625/625]    coco/bbox_mAP: 0.274  data_time: 0.1", [("eval", "valid", {"coco/bbox_map": 0.274})]),
    ("Iter(train) [ 50/9000]  lr: 1e-3  loss: 0.5", [("step", "train", {"lr": 1e-3, "loss": 0.5})]),
    (
        "[01/01 12:00:10 d2.utils.events]:  eta: 0:03:20  iter: 19  total_loss: 1.963  lr: 4.99e-06  max_mem: 2722M",
        [("step", "train", {"total_loss": 1.963, "lr": 4.99e-06})],
    ),
    (
        "2021-05-05 10:10:00 | INFO | valid | epoch 001 | valid on 'valid' subset | loss 9 | ppl 3 | num_updates 11",
        [("eval", "valid", {"loss": 9.0, "ppl": 3.0})],
    ),
    (
        '2021-05-05 10:10:00 | INFO | train_inner | {"epoch": 1, "loss": "12.3", "num_updates": "100", "lr": "1e-05"}',
        [("step", "train", {"loss": 12.3, "lr": 1e-5})],
    ),
    ("[10]\tvalid_0's auc: 0.8\tvalid_1's auc: 0.7", [("eval", "valid", {"auc": 0.8, "auc_1": 0.7})]),
    (
        "[10]\ttraining's auc: 0.9\tvalid_0's auc: 0.8",
        [("step", "train", {"auc": 0.9}), ("eval", "valid", {"auc": 0.8})],
    ),
    ("[3]\tvalidation_0-rmse:0.5", [("eval", "valid", {"rmse": 0.5})]),
    (
        "100:\tlearn: 0.47\ttest: 0.49\tbest: 0.49 (100)\ttotal: 1.3s\tremaining: 12.2s",
        [("step", "train", {"loss": 0.47}), ("eval", "valid", {"loss": 0.49})],
    ),
    ("[124] steps_per_sec=2.04", [("step", "train", {"steps_per_sec": 2.04})]),
    ("New best accuracy! 0.23", [("eval", "valid", {"accuracy": 0.23})]),
    (
        "Loss and accuracy using (cls_best): [0.39, tensor(0.87)]",
        [("eval", "valid", {"loss": 0.39, "accuracy": 0.87})],
    ),
    (
        "iteration 5, loss 0.5, num pos pairs 63, num neg pairs 58",
        [("step", "train", {"loss": 0.5, "num_pos_pairs": 63.0, "num_neg_pairs": 58.0})],
    ),
]


@pytest.mark.parametrize(("line", "said"), LINES)
def test_lines(line, said):
    assert metrics(f"{line}\n") == said


def test_the_steps_of_boosters_are_their_own_also_below_the_numbers_of_ranks():
    text = "".join(f"[{n}]\ttrain-rmse:0.{n}\n" for n in (1, 2, 3))
    assert [event[3] for event in brief(text)] == [1, 2, 3]


TABLE = """\
epoch     train_loss  valid_loss  accuracy  time
0         0.705876    0.241169    0.918000  00:32
1         nan         0.239528    0.926000  01:31
"""


def test_a_table_and_the_validation_that_its_scores_are_of():
    first, valid, second, last = brief(TABLE)
    assert first == ("step", "train", 0, 1, {"loss": 0.705876})
    assert valid == ("eval", "valid", 0, 1, {"loss": 0.241169, "accuracy": 0.918})
    assert second[:4] == ("step", "train", 1, 2) and last[4]["accuracy"] == 0.926


SPACY = """\
E    #       LOSS TOK2VEC  LOSS TAGGER  TAG_ACC  SPEED    SCORE 
---  ------  ------------  -----------  -------  -------  ------
  0       0          0.00        51.20    30.10  9000.50    0.30
  2    1200         19.04       nan       95.50  8800.00    0.96
"""  # noqa: W291 - its heading ends in a blank


def test_the_table_of_spacy_has_losses_of_the_training_and_scores_of_the_validation():
    first, valid, second, last = brief(SPACY)
    assert first == ("step", "train", 0, 0, {"loss_tok2vec": 0.0, "loss_tagger": 51.2})
    assert valid == ("eval", "valid", 0, 0, {"tag_acc": 30.1, "speed": 9000.5, "score": 0.3})
    assert second[:4] == ("step", "train", 2, 1200)
    assert last == ("eval", "valid", 2, 1200, {"tag_acc": 95.5, "speed": 8800.0, "score": 0.96})


KALDI = "LOG (nnet3-chain-train[5.5.1~1-3c4]:Print():nnet-training.cc:30) {}\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "Average objective function for 'output' for minibatches 10-19 is -2.5 over 1.28e+04 frames.",
            (20, {"objective": -2.5, "frames": 12800.0}),
        ),
        (
            "Average objective function for 'output using 3 minibatches in  minibatch range 20-29 is -2 over 6 frames.",
            (30, {"objective": -2.0, "frames": 6.0}),
        ),
        (
            "Average objective function for 'output-xent' for minibatches 0-9 is -0.5 + -0.25 = -0.75 over 64 frames.",
            (
                10,
                {
                    "objective/output-xent": -0.75,
                    "objective_alone/output-xent": -0.5,
                    "objective_regularizer/output-xent": -0.25,
                    "frames/output-xent": 64.0,
                },
            ),
        ),
        (
            "Overall average objective function for 'output' is -1.2 over 123 frames.",
            (1, {"overall_objective": -1.2, "frames": 123.0}),
        ),
    ],
)
def test_objectives_of_kaldi_are_of_the_training(line, said):
    step, values = said
    assert brief(KALDI.format(line)) == [("step", "train", 0, step, values)]


def test_the_objective_of_a_network_that_is_lost_is_no_number():
    line = "Average objective function for 'output' for minibatches 0-9 is -nan over 64 frames."
    ((_, _, _, step, values),) = brief(KALDI.format(line))
    assert step == 10
    assert math.isnan(values["objective"])


@pytest.mark.parametrize(
    "line",
    [
        "Overall average objective function for 'output' is -1.2 over 123 frames and more.",
        "[this line is to be parsed by a script:] log-prob-per-frame=-3.25",
        "Per-component max-change active on 9 / 10 Updatable Components.",
    ],
)
def test_other_lines_of_kaldi_say_nothing(line):
    assert brief(KALDI.format(line)) == []


@pytest.mark.parametrize(
    "text",
    [
        "E    #       LOSS NER  ENTS_F\n  0       0          0.00       51.20\n",  # no score
        "E # LOSS NER SCORE\n0 0 0.1 0.2\n",  # prose
        "E    #       LOSS NER  SCORE\n  0       0          0.00\n",  # a column is missing
        "epoch of the year\n1 2 3 4\n",  # no metric
        "step one two\n1 2 3\n",
        "Epoch loss acc\n1 2 3 4 5 6\n",  # other columns
        "Epoch loss acc\na b c\n",
    ],
)
def test_what_is_no_table(text):
    assert brief(text) == []
