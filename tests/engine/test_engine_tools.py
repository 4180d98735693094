"""The tools of the trade from the outside, each once on the smallest task there is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from cockpit.cli.main import run
from cockpit.diary.past import past_of
from cockpit.store.folder import RunFolder, find_experiment
from cockpit.store.learning_rate import found_rate
from cockpit.store.reader import Index

TINY = "engine_trainers.tiny_task"


@pytest.fixture
def cockpit(tmp_path, monkeypatch, capsys):
    """Runs a command line in an empty folder; its code, what it printed and what it complained of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COCKPIT_LOGS", raising=False)

    def call(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_find_lr_is_an_experiment_with_curve_suggestion_and_entry(cockpit, tmp_path):
    words = ("find-lr", TINY, "--from", "1e-5", "--to", "10", "--set", "head_lr=0.005", "--device", "cpu")
    code, out, _ = cockpit(*words)
    assert code == 0
    assert "smoothed loss over lr" in out and "⠤" in out
    run_folder = find_experiment(tmp_path / "logs", "latest")
    with Index(run_folder) as index:
        sweep, trials = index.sweep(), index.trials()
        steps = [row for row in index.steps("t000") if row.kind == "step"]
    found = found_rate(sweep, trials)
    assert found is not None and found.trainer == "tiny_task" and found.suggested is not None
    assert 1e-3 < found.suggested < 0.3 < (found.exploding or 0) < 2
    assert out.splitlines()[-1] == f"use it: --set lr={found.suggested:.3g}"
    assert trials[0].status == "finished" and trials[0].steps < 200
    assert steps[0].metrics["lr"] == 1e-5 and all(map(math.isfinite, (row.metrics["loss"] for row in steps)))
    entry = (tmp_path / "logs" / "diary.md").read_text()
    assert f"**found** lr {found.suggested:.3g}, where the loss falls most steeply; lowest at " in entry
    assert "`head_lr` 0.005, " in entry and "| trial |" not in entry
    _next_mentions_it(cockpit, tmp_path, found.suggested, run_folder)


def _next_mentions_it(cockpit, tmp_path: Path, rate: float, finder: RunFolder) -> None:
    search = {
        "name": "line",
        "trainer": TINY,
        "method": "grid",
        "engine": "local",
        "parameters": {"epochs": {"value": 1}},
    }
    (tmp_path / "line.yaml").write_text(json.dumps(search))
    assert cockpit("sweep", "line.yaml", "--set", f"lr={rate:.3g}", "--device", "cpu")[0] == 0
    entry = (tmp_path / "logs" / "diary.md").read_text().partition("cockpit:begin exp002")[2]
    assert f"**learning rate** {rate:.3g}, as {finder.id} suggested" in entry
    assert past_of(tmp_path / "logs").before(finder).rates == ()


def test_profile_prints_a_table_and_writes_a_trace(cockpit, tmp_path):
    code, out, _ = cockpit("profile", TINY, "--device", "cpu", "-o", "deep/trace.json")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["operator", "calls", "host", "ms", "share"]
    assert any(line.split()[0].startswith("aten::") for line in lines[1:])
    assert any(line.startswith("(step, outside operators)") for line in lines[1:])
    trace = json.loads((tmp_path / "deep" / "trace.json").read_text())
    assert {event.get("name") for event in trace["traceEvents"]} >= {"## step", "## batch"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("find-lr", "toy"), "toy computes without torch, so no learning rate of it can be looked for"),
        (("find-lr", TINY, "--from", "1", "--to", "0.1"), "the range of rates goes from 1 to 0.1: it has to grow"),
        (("find-lr", TINY, "--from", "0"), "0.0 is not in the range 1e-12<=x<=10"),
        (("find-lr", TINY, "--set", "unknown_file=x.csv"), "x.csv: does not exist"),
        (("find-batch", TINY, "--set", "unknown_file=x.csv"), "x.csv: does not exist"),
        (("profile", "toy"), "toy computes without torch, so it has no steps that could be looked at"),
        (("find-batch", "toy"), "toy has no batch_size that could be looked for"),
        (("profile", TINY, "--set", "unknown_file=x.csv"), "x.csv: does not exist"),
        (("profile", TINY, "-o", "/proc/none/trace.json"), "the trace cannot be written"),
        (("doctor", "--device", "cpu"), "--device says what --bench measures"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line_before_anything_starts(cockpit, tmp_path, words, text):
    code, out, err = cockpit(*words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and text in err
    assert not [*tmp_path.glob("logs/exp*"), *tmp_path.glob("trace*")]


@pytest.mark.slow
def test_the_doctor_measures_device_loader_and_disk(cockpit):
    code, out, _ = cockpit("doctor", "--bench", "--device", "cpu", "--json")
    assert code == 0
    rows = json.loads(out)["rows"]
    assert [row["what"] for row in rows] == [
        "matrix product fp32", "matrix product bf16", "memory", "loader, no worker", "loader, 2 workers",
        "event lines", "event line on disk",
    ]  # fmt: skip
    assert all(row["value"] > 0 and row["unit"] and row["how"] for row in rows)
