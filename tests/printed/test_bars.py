from printed.reading import brief

KERAS = (
    "Epoch 1/2\n"
    "\r\x1b[1m1/3\x1b[0m \x1b[32m━━━\x1b[0m\x1b[37m━━━━━\x1b[0m \x1b[1m1s\x1b[0m 10ms/step - accuracy: 0.5 - loss: 0.9"
    + "\b"
    * 60
    + "\r2/3 ━━━━━━━━ 0s 10ms/step - accuracy: 0.6 - loss: 0.8\r3/3 ━━━━━━━━ 1s 10ms/step - accuracy: 0.7 - loss: 0.7"
    "\r3/3 ━━━━━━━━ 1s 15ms/step - accuracy: 0.7 - loss: 0.7 - val_accuracy: 0.65 - val_loss: 0.75\n"
    "Epoch 2/2\n"
    "3/3 [==============================] - 1s 246us/sample - loss: 0.5 - accuracy: 0.8 - val_loss: 0.6\n"
)


def test_keras_counts_on_over_the_epochs_and_the_last_state_of_a_step_counts():
    assert brief(KERAS, metric="val_accuracy") == [
        ("step", "train", 0, 1, {"accuracy": 0.5, "loss": 0.9}),
        ("step", "train", 0, 2, {"accuracy": 0.6, "loss": 0.8}),
        ("step", "train", 0, 3, {"accuracy": 0.7, "loss": 0.7}),
        ("eval", "valid", 0, 3, {"val_accuracy": 0.65, "loss": 0.75}),
        ("step", "train", 1, 6, {"accuracy": 0.8, "loss": 0.5}),
        ("eval", "valid", 1, 6, {"loss": 0.6}),
    ]


def test_keras_evaluate_is_an_evaluation_at_its_end():
    text = (
        "Epoch 1/1\n3/3 ━━━━━━━━ 1s 10ms/step - loss: 0.7\n\r1/5 ━━ 1s - loss: 0.1\r5/5 ━━━━ 0s 2ms/step - loss: 0.8\n"
    )
    assert brief(text) == [("step", "train", 0, 3, {"loss": 0.7}), ("eval", "valid", 0, 3, {"loss": 0.8})]


def bar(epoch, done, values, total=4):
    return f"\rEpoch {epoch}: {25 * done:3}%|███▍   | {done}/{total} [00:01<00:02, 35.1it/s, {values}]"


def test_tqdm():
    text = bar(1, 1, "loss=0.5") + bar(1, 1, "loss=0.4") + bar(1, 4, "loss=0.3") + "\n" + bar(2, 1, "loss=0.2, lr=1e-5")
    assert brief(text) == [
        ("step", "train", 1, 1, {"loss": 0.4}),
        ("step", "train", 1, 4, {"loss": 0.3}),
        ("step", "train", 2, 5, {"loss": 0.2, "lr": 1e-5}),
    ]


def test_values_of_validation_in_a_training_bar_count_once_an_epoch_also_when_they_stay_the_same():
    stale = bar(1, 1, "v_num=0, loss=0.4, val_acc=0.1") + bar(1, 4, "v_num=0, loss=0.3, val_acc=0.1")
    text = bar(0, 4, "v_num=0, loss=0.5, val_acc=0.1") + stale + bar(2, 4, "v_num=0, loss=0.2, val_acc=0.2")
    evaluations = [event for event in brief(text, metric="val_acc") if event[0] == "eval"]
    assert evaluations == [
        ("eval", "valid", 0, 4, {"val_acc": 0.1}),
        ("eval", "valid", 1, 8, {"val_acc": 0.1}),
        ("eval", "valid", 2, 12, {"val_acc": 0.2}),
    ]


def test_the_metric_asked_for_counts_at_the_end_of_a_bar_and_a_bar_of_validation_only_there():
    text = bar(1, 2, "loss=0.5") + bar(1, 4, "loss=0.4") + "\n"
    assert [event[:2] for event in brief(text, metric="loss")] == [("step", "train"), ("eval", "valid")]
    text = (
        "\rValidation:  50%|███  | 1/2 [00:01<00:02, loss=0.5]\rValidation: 100%|█████| 2/2 [00:01<00:02, loss=0.4]\n"
    )
    assert brief(text) == [("eval", "valid", 0, 1, {"loss": 0.4})]


def test_a_description_may_hold_values_and_bars_without_any_say_nothing():
    text = "total_loss=0.10871: 100%|██████████| 22/22 [00:05<00:00,  4.25it/s]\n"
    assert brief(text) == [("step", "train", 0, 22, {"total_loss": 0.10871})]
    assert brief("Downloading: 100%|███| 440/440 [00:00<00:00, 440kB/s]\n 12it [00:01, 9.5it/s]\n3/7 - ok\n") == []


def test_a_line_that_a_script_redraws_itself():
    text = "".join(f"\rstep {n // 2} loss: 0.{n}" for n in range(2, 6)) + "\r\nstep 3 loss: 0.6\r\n"
    assert [(event[3], event[4]["loss"]) for event in brief(text)] == [(1, 0.3), (2, 0.5), (3, 0.6)]
