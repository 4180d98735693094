"""A program as a child process: what it prints and records, how it ends, and how it is ended."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sweeping import is_alive, wait_until

from cockpit.engine import children, program
from cockpit.engine.children import ProgramError, last_line
from cockpit.engine.program import program_events
from cockpit.engine.request import TrialRequest
from cockpit.events.kinds import Built, Eval, Event, Norms, Note, Step
from cockpit.printed import PrintedReader

RECORD = """
import json, os
def record(**event):
    with open(os.environ["COCKPIT_EVENTS"], "a") as file:
        file.write(json.dumps(event) + "\\n")
"""


class Stage:
    """Runs Python code as a program, in the folder of a trial."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def request(self, code: str, **fields: Any) -> TrialRequest:
        whole: dict[str, Any] = {
            "experiment": "exp001", "trial": "t000", "trainer": "train.py", "config": {"lr": 0.1}, "device": "cpu",
            "folder": str(self.folder), "command": (sys.executable, "-S", "-c", code), "metric": "acc",
        }  # fmt: skip
        return TrialRequest(**{**whole, **fields})

    @contextlib.contextmanager
    def start(self, code: str, **fields: Any) -> Iterator[Iterator[Event | None]]:
        request = self.request(code, **fields)
        reader = PrintedReader(metric=request.metric, pattern=request.pattern)
        with (self.folder / "output.log").open("ab") as output:
            events = program_events(request, reader, output.fileno())
            try:
                yield events
            finally:
                events.close()

    def run(self, code: str, **fields: Any) -> list[Event]:
        with self.start(code, **fields) as events:
            return [event for event in events if event is not None]

    def fail(self, code: str, **fields: Any) -> tuple[ProgramError, list[Event]]:
        seen: list[Event] = []
        with self.start(code, **fields) as events, pytest.raises(ProgramError) as caught:
            seen.extend(event for event in events if event is not None)
        return caught.value, seen

    @property
    def output(self) -> bytes:
        return (self.folder / "output.log").read_bytes()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_printed_lines_are_steps_and_evaluations(stage: Stage) -> None:
    built, *events = stage.run(
        "import sys\n"
        "print('Train Step 5, loss: 0.5, lr: 1e-3, final_score: 0.5, time: 1.5')\n"
        "print('step 6 loss: nan', file=sys.stderr)\nprint('val_acc: 0.75', end='')"
    )
    assert built == Built()
    assert [(event.kind, event.step) for event in events if isinstance(event, Step | Eval)] == [
        ("step", 5), ("step", 6), ("eval", 6)
    ]  # fmt: skip
    first, second, evaluation = events
    assert isinstance(first, Step) and first.time == 1.5 and first.metrics["loss"] == 0.5
    assert isinstance(second, Step) and math.isnan(second.metrics["loss"])
    assert second.time is not None and 0 < second.time < 60  # nothing said, so seconds since the start
    assert isinstance(evaluation, Eval) and evaluation.metrics == {"acc": 0.75} and evaluation.time is None


def test_output_is_kept_as_it_is(stage: Stage) -> None:
    stage.run("import os\nos.write(1, b'10%\\r20%\\r\\n\\xff\\x1b[31m'); os.write(2, b'end')")
    assert stage.output == b"10%\r20%\r\n\xff\x1b[31mend"


def test_what_the_program_records_itself_does_not_count_twice(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "HELD_SECONDS", 60.0)  # however long the program takes from one line to the next
    code = RECORD + (
        "for step in (1, 2):\n"
        "    print(f'step {step} loss: 0.5', flush=True)\n"
        "    record(kind='step', step=step, loss=0.5, extra=7)\n"
        "print('val_acc: 0.9')\n"
        "record(kind='norms', step=2, group='pg0', grad_mean='NaN')\n"
        "record(kind='trial_ended', trial='t000', status='finished')\n"
        "record(kind='own', x=1)\n"
        "with open(os.environ['COCKPIT_EVENTS'], 'a') as file: file.write('what?\\n[]\\n')\n"
    )
    _, *events = stage.run(code)
    steps = [event for event in events if isinstance(event, Step)]
    assert [(step.step, dict(step.metrics)) for step in steps] == [(n, {"loss": 0.5, "extra": 7}) for n in (1, 2)]
    assert sum(isinstance(event, Eval) for event in events) == 1  # of a kind that it did not record
    assert sum(isinstance(event, Norms) for event in events) == 1
    assert {event.kind for event in events} == {"step", "eval", "norms", "own", "note"}
    (note,) = (event for event in events if isinstance(event, Note))
    assert note.text.startswith("a line in the file of $COCKPIT_EVENTS is no event: not JSON")


def test_a_later_attempt_does_not_see_what_an_earlier_one_recorded(stage: Stage) -> None:
    code = RECORD + "record(kind='step', step=1, loss=1.0)"
    assert len(stage.run(code)) == len(stage.run(code)) == 2


def test_a_pattern_finds_what_no_format_has(stage: Stage) -> None:
    _, event = stage.run("print('loss: 5'); print('>> 0.25 <<')", pattern=r">> (?P<acc>[\d.]+)")
    assert isinstance(event, Eval) and event.metrics == {"acc": 0.25}


@pytest.mark.parametrize(
    ("code", "text", "number"),
    [
        ("print('acc: 0.5')\nraise ValueError('bad\\nluck')", "exit code 1: luck", 1),
        ("print('acc: 0.5')\nprint('  why \\r\\n\\n')\nraise SystemExit(3)", "exit code 3: why", 3),
        ("print('acc: 0.5', flush=True)\nimport os\nos.kill(os.getpid(), 9)", "killed by SIGKILL: acc: 0.5", -9),
    ],
)
def test_a_failure_has_its_code_and_the_last_line(stage: Stage, code: str, text: str, number: int) -> None:
    error, seen = stage.fail(code)
    assert (str(error), error.code) == (text, number)
    assert any(isinstance(event, Eval) for event in seen)  # what came before is not lost


def test_what_cannot_be_started_says_why(stage: Stage) -> None:
    error, _ = stage.fail("", command=("/nowhere/train",))
    assert (str(error), error.code) == ("/nowhere/train: cannot be started: No such file or directory", None)
    error, _ = stage.fail("", directory="/nowhere")
    assert str(error) == "/nowhere: cannot be started: No such file or directory"


def test_what_is_left_in_the_background_keeps_nobody_waiting(stage: Stage) -> None:
    code = "import subprocess\nprint('acc: 0.5')\nprint(subprocess.Popen(['sleep', '60']).pid)"
    _, event = stage.run(code)
    pid = int(stage.output.split()[-1])
    try:
        assert is_alive(pid) and isinstance(event, Eval)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_silent_program_is_closed_by_sigterm(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE_SECONDS", 60.0)  # however long it takes to save
    code = (
        "import os, signal, sys, time\n"
        "def end(*_):\n    print('saved', flush=True)\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nos.close(0)\nprint(os.getpid(), flush=True)\nwhile True: time.sleep(60)"
    )
    with stage.start(code) as events:
        next(events)
        assert next(events) is None
        wait_until(lambda: next(events) is None and stage.output.endswith(b"\n"))
        pid = int(stage.output)
        assert is_alive(pid)
    assert not is_alive(pid)
    assert stage.output.endswith(b"saved\n")


def test_a_program_that_does_not_listen_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE_SECONDS", 0.1)
    code = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True)\nos.close(1); os.close(2)\nwhile True: time.sleep(60)"
    )
    with stage.start(code) as events:
        wait_until(lambda: next(events) is None and stage.output.endswith(b"\n"))
        next(events)
    assert not is_alive(int(stage.output))


def test_the_environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_MODE", raising=False)
    code = "import json, os, sys\nprint(json.dumps([dict(os.environ), os.getcwd(), sys.stdin.read()]))"
    config = {"lr": 0.1, "opt": {"a": None}}
    work = stage.folder / "work"
    work.mkdir()
    stage.run(code, config=config, directory=str(work), environment={"CUDA_VISIBLE_DEVICES": "3"}, device="cuda")
    environment, folder, given = json.loads(stage.output)
    assert (folder, given) == (str(work), "")
    wanted = {
        "COCKPIT_TRIAL": "exp001/t000", "COCKPIT_DEVICE": "cuda", "PYTHONUNBUFFERED": "1", "CUDA_VISIBLE_DEVICES": "3",
        "COCKPIT_EVENTS": str(stage.folder / "program.jsonl"), "COCKPIT_CONFIG": str(stage.folder / "config.json"),
        "WANDB_MODE": "offline", "WANDB_SWEEP_ID": "exp001",
        "WANDB_SWEEP_PARAM_PATH": str(stage.folder / "wandb-config.yaml"),
    }  # fmt: skip
    assert {name: environment.get(name) for name in wanted} == wanted
    assert environment["WANDB_RUN_ID"].startswith("exp001-t000-1-")
    parameters = "wandb_version: 1\n\nlr:\n  value: 0.1\nopt:\n  value:\n    a: null\n"
    assert (stage.folder / "wandb-config.yaml").read_text() == parameters
    assert "RANK" not in environment


def test_a_choice_of_the_user_stands_and_the_cpu_sees_no_gpu(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    stage.run("import os\nprint(os.environ['WANDB_MODE'], [os.environ['CUDA_VISIBLE_DEVICES']])")
    assert stage.output == b"disabled ['']\n"


RANKS = (
    "import os\nnames = ('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'LOCAL_WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')\n"
    "print('step', 1 + int(os.environ['RANK']), 'loss: 0.5')\n"
    "print(*(os.environ[name] for name in names), flush=True)\n"
)


def test_ranks_know_each_other_and_only_the_first_is_recorded(stage: Stage) -> None:
    _, event = stage.run(RANKS, processes=2)
    assert isinstance(event, Step) and event.step == 1
    first, second = (text.split()[4:] for text in (stage.output, (stage.folder / "output.rank1.log").read_bytes()))
    assert first[:5] == [b"0", b"0", b"2", b"2", b"127.0.0.1"] and second[:5] == [b"1", b"1", *first[2:5]]
    assert first[5] == second[5] and int(first[5]) > 1023


def test_one_rank_that_fails_ends_all(stage: Stage) -> None:
    code = (
        RANKS
        + "import time\nif os.environ['RANK'] == '1': raise SystemExit('no memory')\n"
        + "print('pid', os.getpid(), flush=True)\ntime.sleep(60)"
    )
    error, _ = stage.fail(code, processes=2)
    assert str(error) == "rank 1: exit code 1: no memory"
    printed = re.search(rb"pid (\d+)\n", stage.output)  # it may have been ended before it said so
    assert printed is None or not is_alive(int(printed[1]))


def test_the_last_line_is_the_last_that_says_something() -> None:
    assert last_line(b"a\nb\r\x1b[31mc\x1b[0m\r\n \n") == "c"
    assert last_line(b" \n") == ""
