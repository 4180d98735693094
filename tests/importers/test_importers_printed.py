"""Printed logs: every line is accounted for, and several runs in one file are several runs."""

import gzip

import pytest

from cockpit.events.codec import decode
from cockpit.events.kinds import Eval, Norms, Step
from cockpit.importers.contract import About, Lines, Recorded, RecordedLines, Run, RunEnded, Unread
from cockpit.importers.printed import IMPORTER
from cockpit.importers.registry import open_source


@pytest.fixture
def read(tmp_path):
    """All items of a text."""

    def call(text, name="train.log"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(IMPORTER.read(open_source(path)))

    return call


def of(items, kind):
    return [item for item in items if isinstance(item, kind)]


def events(items, key, kind=(Step, Eval, Norms)):
    """What is recorded of a run, whether it was told one by one or not."""
    found = []
    for item in items:
        if isinstance(item, Recorded) and item.key == key:
            found.append(item.event)
        elif isinstance(item, RecordedLines) and item.key == key:
            found += map(decode, item.lines.splitlines())
    return [event for event in found if isinstance(event, kind)]


def test_lines_with_numbers_are_understood_or_told(read):
    items = read("loading 3 shards\nusing model t10k\nstep 1 loss: 0.5\n\nstep 2 loss: 0.4\nit took 5 minutes\n")
    unread = [(item.line, item.text) for item in of(items, Unread)]
    assert unread == [(1, "loading 3 shards"), (6, "it took 5 minutes")]
    assert of(items, Lines) == [Lines(6)]
    assert [event.metrics for event in events(items, "0")] == [{"loss": 0.5}, {"loss": 0.4}]


def test_states_of_a_progress_bar_are_one_line(read):
    bar = "".join(f"\rEpoch 0:  {n}%|#| {n}/9 [00:01<00:01, 9it/s, loss=0.{n}]" for n in range(1, 10))
    items = read(f"start\n{bar}\nnow 7 more\n")
    assert len(events(items, "0")) == 9
    assert [item.line for item in of(items, Unread)] == [3]


def test_other_ranks_are_kept_under_names_of_their_own(read):
    items = read("Rank 1, iteration 0, loss 0.5\nRank 0, iteration 0, loss 0.4\nRank 1, iteration 10, loss 0.3\n")
    assert [(event.step, event.metrics) for event in events(items, "0")] == [
        (0, {"loss/rank1": 0.5}),
        (0, {"loss": 0.4}),
        (10, {"loss/rank1": 0.3}),
    ]
    assert of(items, Unread) == []


RUN = "epoch 0 loss: 0.5\nepoch 1 loss: 0.4\n"


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (RUN, 1),
        (RUN + "epoch 0 val acc: 0.5\n", 1),  # another counter
        (RUN + "loading data\n" + RUN, 2),  # the first epoch again, after something else
        (RUN + "epoch 2 loss: 0.3\n" + RUN, 2),  # the first epoch again, after two more
        (RUN + RUN, 1),  # another worker may be late by one
        (RUN + "Starting training\nepoch 2 loss: 0.3\n", 2),
        (RUN + "Starting training epoch 2\nepoch 2 loss: 0.3\n", 1),
        ("Fold 1\n" + RUN + "Fold 2\n" + RUN, 2),
        ("{'lr': 0.1, 'bs': 4}\n" + RUN + "{'lr': 0.2, 'bs': 4}\n" + RUN, 2),
        (RUN + "{'lr': 0.2, 'bs': 4}\nepoch 2 loss: 0.3\n", 1),  # told once more, and nothing begins again
        ("step 1 loss: 0.5\nstep 2 loss: 0.4\nstep 1 loss: 0.6\n", 1),  # epochs that nobody counts
        (
            "Train Step 50, loss: 0.5, time: 1\n[RESULT]: Validation. Epoch: 1, loss: 0.6, time: 2\n"
            "Train Step 0, loss: 0.0, time: 1\nTrain Step 50, loss: 0.4, time: 3\n",
            1,  # tuning on the validation set
        ),
        ("Epoch 1/2\n3/3 [====] - 1s - loss: 0.7\nEpoch 2/2\n3/3 [====] - 1s - loss: 0.6\n" * 2, 2),
    ],
)
def test_runs(read, text, runs):
    assert len(of(read(text), Run)) == runs


def test_a_run_has_the_label_and_the_settings_that_stand_before_it(read):
    head = "--- Starting trial: run-{}\nNamespace(lr={}, name='a b', layers=[1, 2])\nbatch_size: 32\n"
    first, second = of(read(head.format(0, 0.1) + RUN + head.format(1, 0.2) + RUN), Run)
    assert (first.label, second.label) == ("run-0", "run-1")
    assert first.config == {"lr": 0.1, "name": "a b", "layers": "[1, 2]", "batch_size": 32}
    assert second.config["lr"] == 0.2


def test_a_log_that_ends_with_an_exception_failed(read):
    trace = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: bad 7\n'
    (ended,) = of(read(RUN + trace), RunEnded)
    assert (ended.status, ended.error) == ("failed", "ValueError: bad 7")
    assert [item.status for item in of(read(RUN + trace + RUN), RunEnded)] == ["finished"]


def test_a_log_with_times_tells_when_it_was(read):
    items = read("2024-05-01 10:00:00 step 1 loss: 0.5\n2024-05-01 10:00:30,500 step 2 loss: 0.4\n")
    (about,), (run,), (ended,) = of(items, About), of(items, Run), of(items, RunEnded)
    assert run.started == about.at
    assert ended.ended - run.started == 30.5


def test_unknown_logs_are_read_by_their_shapes(read):
    items = read("beam 3 on\n" + "".join(f"turn {n}: beam {n / 7:.3f} mA, {n * 2} of 9\n" for n in range(4)))
    assert [(event.step, event.metrics) for event in events(items, "0")] == [
        (n, {"beam": round(n / 7, 3), "ma": 2.0 * n, "of": 9.0}) for n in range(4)
    ]
    assert [item.line for item in of(items, Unread)] == [1]


def test_the_test_set_ranks_where_nothing_else_was_evaluated(read):
    items = read("epoch 1 loss: 0.5 acc: 0.4\ntest epoch: 1 loss: 0.6, acc: 0.3\n")
    ranked = [event.metrics for event in events(items, "0", Eval) if event.phase == "valid"]
    assert ranked == [{"test_acc": 0.3}]


def test_a_line_of_megabytes_is_no_trouble(read):
    items = read(b"step 1 loss: 0.5\n" + b"x 1 " * (1 << 20) + b"\nstep 2 loss: 0.4\n")
    assert len(events(items, "0")) == 2
    assert [item.line for item in of(items, Unread)] == [2]
    assert len(of(items, Unread)[0].text) <= 400


def test_a_packed_file_that_breaks_off_is_read_as_far_as_it_goes(read):
    packed = gzip.compress("".join(f"step {n} loss: {n / 7}\n" for n in range(5000)).encode())
    items = read(packed[: len(packed) // 2], "train.log.gz")
    assert 1000 < len(events(items, "0")) < 5000


@pytest.mark.parametrize(
    ("values", "best", "goal"),
    [
        ([0.5, 0.7], [0.5, 0.5], "minimize"),
        ([0.5, 0.7], [0.5, 0.7], "maximize"),
        ([0.5, 0.3], [0.5, 0.3], "minimize"),
        ([0.5, 0.5, 0.3], [0.5, 0.5, 0.5], "maximize"),
        ([0.5, 0.5], [0.5, 0.5], ""),
    ],
)
def test_a_study_is_judged_the_way_that_its_best_value_goes(read, values, best, goal):
    line = "[I 2023-05-05 10:10:00,123] Trial {} finished with value: {} and parameters: {{'x': {}}}. Best is trial 0 "
    lines = [line.format(n, value, n) + f"with value: {best[n]}.\n" for n, value in enumerate(values)]
    items = read("".join(lines))
    (about,) = of(items, About)
    assert (about.metric, about.goal) == ("value" if goal else "", goal)
    assert len(of(items, Run)) == len(values)
