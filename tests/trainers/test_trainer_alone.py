from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from trainers import alone


def test_it_prints_one_line_per_step_in_the_form_of_the_logs(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        alone.main("toy", ["--epochs", "1", "--steps=3", "--norms-every", "0", "--set", "x=0.6", "--set", "y=-0.3"])
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["device: none", "settings: x=0.6, y=-0.3, lr=0.1, steps_per_epoch=3, total_steps=3, seed=0"]
    assert [line.split(",")[0] for line in lines[2:5]] == ["Train Step 1", "Train Step 2", "Train Step 3"]
    assert re.fullmatch(
        r"\[RESULT\]: Validation\. Epoch: 1, loss: \d\.\d{5}, score: \d\.\d{5}, time: \d\.\d{5}", lines[5]
    )


def test_it_goes_on_from_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--steps", "3", "--norms-every", "0", "--out", str(tmp_path)]
    assert alone.main("toy", ["--epochs", "2", *options]) == 0
    first = capsys.readouterr().out.splitlines()
    assert alone.main("toy", ["--epochs", "3", "--resume", str(tmp_path / "last.json"), *options]) == 0
    second = capsys.readouterr().out.splitlines()
    steps = [line.split(",")[0] for line in first + second if line.startswith("Train")]
    assert steps == [f"Train Step {step}" for step in range(1, 10)]
    assert alone.main("toy", ["--resume", str(tmp_path / "lost.json")]) == 2
    assert "lost.json cannot be read (No such file or directory)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--x", "far"], "toy: x = 'far' is not allowed: give a number from -10 to 10"),
        (["--set", "xx=1"], "did you mean 'x'?"),
        (["--set", "x"], "--set x: write it as KEY=VALUE"),
    ],
)
def test_unusable_settings_are_one_line_and_status_two(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alone.main("toy", argv) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_unknown_trainers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert alone.main("toi", []) == 2
    assert "did you mean 'toy'?" in capsys.readouterr().err


def test_help_lists_settings_with_their_texts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        alone.main("matching", ["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "dimensions of the embedding (default: 128)" in text
    assert "--image-size" in text


def test_ctrl_c_closes_the_trainer_and_returns_130(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    def interrupted(line: str, flush: bool = False) -> None:
        if "Step 2" in line:
            raise KeyboardInterrupt

    original = alone._print_all

    def watched(events, device):  # type: ignore[no-untyped-def]
        try:
            return original(events, device)
        finally:
            closed.append(events.gi_frame is None)

    monkeypatch.setattr("builtins.print", interrupted)
    monkeypatch.setattr(alone, "_print_all", watched)
    assert alone.main("toy", []) == 130
    assert closed == [True]


def test_it_runs_as_a_module_and_survives_a_closed_pipe() -> None:
    root = Path(alone.__file__).parents[1]
    command = f"{sys.executable} -m trainers.toy --steps 20000 | head -n 3"
    done = subprocess.run(["sh", "-c", command], cwd=root, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == ""
