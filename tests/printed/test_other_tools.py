"""What other tools print around their values, and where their runs begin."""

import pytest
from printed.reading import brief, metrics, read

from cockpit.printed.fast_reader import FastReader
from cockpit.printed.languages import in_english

BOX = """\
-----------------------------------
| rollout/            |           |
|    ep_rew_mean      | {reward}      |
| time/               |           |
|    fps              | 1234      |
|    time_elapsed     | 2         |
|    total_timesteps  | {step}      |
| train/              |           |
|    approx_kl        | 0.0087    |
|    loss             | -0.25     |
-----------------------------------
"""

LINES = [
    (
        " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=1000 ] = 0.588",
        [("eval", "valid", {"ap50": 0.588})],
    ),
    (
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.31",
        [("eval", "valid", {"ar1": 0.31})],
    ),
    (
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.2",
        [("eval", "valid", {"aps": 0.2})],
    ),
    (" Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000", []),
    (" * Acc@1 80.214 (19.786) Acc@5 94.996 (5.004)", [("eval", "test", {"acc@1": 80.214, "acc@5": 94.996})]),
    ("│         test_acc          │    0.7987000346183777     │", [("eval", "test", {"acc": 0.7987000346183777})]),
    ("        test_loss           0.2412233203649521", [("eval", "test", {"loss": 0.2412233203649521})]),
    (
        "step 1/9 | loss 9.8 (+1.20z)| norm 5.1 (+nanz)| lr 8e-07",
        [("step", "train", {"loss": 9.8, "norm": 5.1, "lr": 8e-7})],
    ),
    ("[9]\tcv_agg's auc: 0.81 + 0.0012", [("eval", "valid", {"auc": 0.81})]),
    ("Eval num_timesteps=4096, episode_reward=102.20 +/- 10.5", [("eval", "valid", {"episode_reward": 102.2})]),
    ("Episode 10\tLast reward: 20.00\tAverage reward: 15.00", [("step", "train", {"last_reward": 20, "reward": 15})]),
    (
        "Epoch 1 - avg_train_loss: 1.0  avg_val_loss: 1.1",
        [("step", "train", {"loss": 1.0}), ("eval", "valid", {"loss": 1.1})],
    ),
    (
        "INFO:tensorflow:Saving dict for global step 1000: accuracy = 0.9712, global_step = 1000, loss = 0.1012",
        [("eval", "valid", {"accuracy": 0.9712, "loss": 0.1012})],
    ),
    (
        "11/13/2023 10:13:10 - INFO - __main__ - epoch 0: {'accuracy': 0.7, 'f1': 0.8}",
        [("eval", "valid", {"accuracy": 0.7, "f1": 0.8})],
    ),
    ("epoch 0: {'loss': 0.7, 'accuracy': 0.8}", [("step", "train", {"loss": 0.7, "accuracy": 0.8})]),
    (
        "[2023-05-05 10:11:05,123] [INFO] [logging.py:68:log_dist] [Rank 0] step=10, loss=0.5, lr=[9e-06, 9e-06]",
        [("step", "train", {"loss": 0.5})],
    ),
    (
        "第3轮/5 训练损失：0.5 验证准确率：0.7",
        [("step", "train", {"loss": 0.5}), ("eval", "valid", {"accuracy": 0.7})],
    ),
    (
        "Epoche 1/5 - Verlust: 0.5 - Val-Verlust: 0.7",
        [("step", "train", {"loss": 0.5}), ("eval", "valid", {"loss": 0.7})],
    ),
    ("Generate test with beam=5: BLEU4 = 34.51, 68.9/42.7 (BP=0.964, ratio=0.9)", [("eval", "test", {"bleu": 34.51})]),
    ("Restoring model weights from the end of the best epoch: 1.", []),
]


@pytest.mark.parametrize(("line", "said"), LINES)
def test_lines(line, said):
    assert metrics(f"{line}\n") == said


def test_english_stays_as_it_is():
    assert in_english("epoch 1 loss: 0.5") == "epoch 1 loss: 0.5"


def test_all_values_of_a_box_are_of_the_step_below_them():
    found = brief(BOX.format(reward=21.5, step=2048) + BOX.format(reward=22.5, step=4096))
    names = {"rollout/ep_rew_mean": 21.5, "approx_kl": 0.0087, "loss": -0.25}
    assert found == [
        ("step", "train", 0, 2048, names),
        ("step", "train", 0, 4096, names | {"rollout/ep_rew_mean": 22.5}),
    ]
    assert read(BOX.format(reward=21.5, step=2048))[0].time == 2


def test_a_rule_alone_opens_no_box():
    assert metrics("-----------\nepoch 1 loss 0.5\n| loss | 0.4 |\n")[0] == ("step", "train", {"loss": 0.5})


def test_a_line_behind_a_bar_is_read_too():
    text = " 50%|#####     | 5/10 [00:10<00:20, 11.2it/s]11/13/2023 10:13:10 - INFO - main - epoch 0: {'f1': 0.7}\n"
    assert metrics(f"\r{text}") == [("eval", "valid", {"f1": 0.7})]


def test_what_the_trainer_repeats_at_its_end_is_its_evaluation_alone():
    text = """\
***** train metrics *****
  epoch                    =        3.0
  train_loss               =     0.4123
***** eval metrics *****
  epoch                   =        3.0
  eval_accuracy           =     0.8505
  eval_runtime            = 0:00:01.23
"""
    assert brief(text) == [("eval", "valid", 0, 1, {"accuracy": 0.8505})]


def test_an_epoch_named_once_more_without_their_number_is_the_same():
    text = "Epoch 1/3 loss: 0.5\nEpoch 1: val_loss improved to 0.5\nval_acc: 0.7\nEpoch 2/3 loss: 0.4\n"
    assert {event[2] for event in brief(text)[:-1]} == {0}
    assert brief(text)[-1][2] == 1


TRIALS = """\
[I 2023-05-05 10:10:00,123] Trial 0 finished with value: 0.8 and parameters: {'lr': 0.1, 'act': 'relu'}.
[I 2023-05-05 10:10:01,123] Trial 1 finished with value: 0.9 and parameters: {'lr': 0.2, 'act': 'tanh'}.
"""
FOLDS = """\
[CV 1/2] END ..................C=1, kernel=rbf;, score=0.811 total time=   0.1s
[CV 2/2] END ..................C=1, kernel=rbf;, score=(train=0.9, test=0.812) total time=   0.1s
[CV 1/2] END ..................C=10, kernel=rbf;, score=0.901 total time=   0.1s
"""


@pytest.mark.parametrize(
    ("text", "runs", "values"),
    [
        (TRIALS, [("trial 0", {"lr": 0.1, "act": "relu"}), ("trial 1", {"lr": 0.2, "act": "tanh"})], [0.8, 0.9]),
        (
            FOLDS,
            [("C=1, kernel=rbf", {"C": 1, "kernel": "rbf"}), ("C=10, kernel=rbf", {"C": 10, "kernel": "rbf"})],
            [0.811, 0.812, 0.901],
        ),
    ],
)
def test_each_trial_of_a_search_is_a_run(text, runs, values):
    reader = FastReader("")
    reader.feed(text.encode())
    reader.close()
    told = reader.take()
    assert [next(iter(event.metrics.values())) for _, event in told] == values
    assert [(words.label, dict(words.config)) for words in map(reader.words, range(told[-1][0] + 1))] == runs
