"""Processes that are asked a question, and processes that outlive this one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sweeping import is_alive, processes, wait_until

from cockpit.engine import spawn
from cockpit.engine.spawn import Asked, ask, end_detached, spawn_detached

FAKE = """\
import os, sys, time
what = sys.argv[1]
if what == "large": print('{"words": "' + "x" * 3_000_000 + '"}')
if what == "noisy": print("a warning", file=sys.stderr); print('{"a": 1}'); sys.exit(1)
if what == "list": print("[1]")
if what == "wrong": print("some library talks\\ncockpit: exp009: no such experiment", file=sys.stderr); sys.exit(2)
if what == "silent": sys.exit(3)
if what in ("slow", "deaf"):
    import signal
    if what == "deaf": signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = os.fork()
    if child and "COCKPIT_READY_FD" in os.environ: os.write(int(os.environ["COCKPIT_READY_FD"]), b"exp001-x\\n")
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _fake_cockpit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m cockpit` is a program of this test, in whose folder children run."""
    (tmp_path / "cockpit").mkdir()
    (tmp_path / "cockpit" / "__main__.py").write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def asked() -> Iterator[list[Asked]]:
    made: list[Asked] = []
    yield made
    for one in made:
        one.close()


def of_this_test(folder: Path) -> list[int]:
    return [process.pid for process in processes() if _cwd(process.pid) == folder and process.pid != os.getpid()]


def _cwd(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def test_a_large_answer_comes_whole(asked: list[Asked]) -> None:
    asked.append(ask(["large"]))
    answer = wait_until(asked[0].result)
    assert len(answer["words"]) == 3_000_000
    assert asked[0].result() is answer
    assert asked[0].error == ""


def test_nobody_waits_for_an_answer_that_is_not_there_yet(asked: list[Asked], tmp_path: Path) -> None:
    asked.append(ask(["slow"]))
    assert asked[0].result() is None
    assert asked[0].error == ""
    asked[0].close()
    asked[0].close()
    assert asked[0].result() is None
    assert asked[0].error == "it was not waited for"
    wait_until(lambda: not of_this_test(tmp_path))


def test_an_answer_counts_whatever_else_was_said(asked: list[Asked]) -> None:
    asked.append(ask(["noisy"]))
    assert wait_until(asked[0].result) == {"a": 1}


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ("wrong", "exp009: no such experiment"),
        ("silent", "it ended with exit code 3 and no answer"),
        ("list", "it ended with exit code 0 and no answer"),
    ],
)
def test_why_there_is_no_answer_is_said(question: str, error: str, asked: list[Asked]) -> None:
    asked.append(ask([question]))
    assert wait_until(lambda: asked[0].result() or asked[0].error) == error
    assert asked[0].result() is None


def test_a_program_that_cannot_be_started_is_an_error_and_no_exception(
    asked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawn, "COCKPIT", ("/nowhere/python",))
    asked.append(ask(["large"]))
    assert asked[0].result() is None
    assert asked[0].error == "cannot start a process (No such file or directory)"


def test_a_detached_process_is_ended_and_leaves_no_zombie() -> None:
    name, pid = spawn_detached([], command="slow")
    assert name == "exp001-x"
    assert is_alive(pid)
    end_detached(pid, patience=60.0)
    assert not Path(f"/proc/{pid}").exists()
    os.killpg(pid, signal.SIGKILL)  # its child, which has nothing to do with the patience


def test_one_that_does_not_listen_is_killed_with_its_children(tmp_path: Path) -> None:
    _, pid = spawn_detached([], command="deaf")
    end_detached(pid, patience=0.1)
    assert not Path(f"/proc/{pid}").exists()
    wait_until(lambda: not of_this_test(tmp_path))


def test_ending_what_is_gone_or_unknown_does_nothing() -> None:
    _, pid = spawn_detached([], command="slow")
    os.killpg(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))
    end_detached(pid, patience=60.0)
    end_detached(os.getpid(), patience=60.0)


def test_children_that_ended_are_forgotten_with_the_next() -> None:
    _, first = spawn_detached([], command="slow")
    os.killpg(first, signal.SIGKILL)
    wait_until(lambda: not is_alive(first))
    _, second = spawn_detached([], command="slow")
    try:
        assert first not in spawn._detached
        assert not Path(f"/proc/{first}").exists()
    finally:
        os.killpg(second, signal.SIGKILL)
        end_detached(second, patience=60.0)
