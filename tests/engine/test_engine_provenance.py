"""With which code, packages and data a sweep runs: complete, without secrets, and never worth the sweep."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from pasted import CANARY

from cockpit.engine.data_identity import SMALL, data_identity
from cockpit.engine.git_state import MOST_BYTES, git_state, short_state
from cockpit.engine.packages import freeze_text, installed, versions
from cockpit.engine.provenance import ProvenanceKeeper, environment
from cockpit.store.folder import RunFolder
from cockpit.store.provenance import read_provenance


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "me")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "me@example.org")
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("lr = 1\n")
    (folder / ".gitignore").write_text("ignored.py\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def run_in(folder: Path) -> RunFolder:
    run = RunFolder(folder / "logs" / "exp001-x")
    run.path.mkdir(parents=True)
    return run


class TestGitState:
    def test_a_clean_tree_is_its_commit(self, repository: Path) -> None:
        state = git_state(repository)
        assert (state.commit, state.branch) == (git(repository, "rev-parse", "HEAD"), "main")
        assert (state.changed_lines, state.diff, state.untracked) == (0, b"", {})
        assert state.digest == git_state(repository).digest

    def test_changes_and_untracked_sources_are_kept_and_tell_states_apart(self, repository: Path) -> None:
        states = [git_state(repository)]
        (repository / "train.py").write_text("lr = 2\nwd = 3\n")
        states.append(git_state(repository))
        (repository / "new.py").write_text("x = 1\n")
        for name in ("ignored.py", "picture.png", "logs/exp001-x/search.yaml"):
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            (repository / name).write_text("x")
        states.append(git_state(repository, without=repository / "logs"))
        (repository / "new.py").write_text("x = 2\n")
        states.append(git_state(repository, without=repository / "logs"))
        assert states[1].changed_lines == 3
        assert b"+wd = 3" in states[1].diff
        assert list(states[3].untracked) == ["new.py"]
        assert len({state.digest for state in states}) == 4
        assert git_state(repository / "logs", without=repository / "logs").digest == states[3].digest

    def test_a_diff_has_no_secrets_and_an_end(self, repository: Path) -> None:
        (repository / "train.py").write_text(f"token = 'ghp_{CANARY}'\n" + "x = 1\n" * (MOST_BYTES // 5))
        state = git_state(repository)
        assert state.is_cut
        assert len(state.diff) <= MOST_BYTES + 100
        assert CANARY.encode() not in state.diff
        assert state.changed_lines == MOST_BYTES // 5 + 2

    def test_outside_of_a_repository_the_folders_own_sources_count(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text("lr = 1\n")
        (tmp_path / "notes.md").write_text("hm")
        before = git_state(tmp_path)
        assert (before.commit, list(before.untracked)) == ("", ["train.py"])
        (tmp_path / "train.py").write_text("lr = 2\n")
        assert git_state(tmp_path).digest != before.digest
        assert short_state(tmp_path, 5.0) == {}

    def test_a_git_that_takes_too_long_is_not_waited_for(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
        slow, begun = tmp_path / "bin" / "git", tmp_path / "begun"
        slow.parent.mkdir()
        slow.write_text(f'#!/bin/sh\ncase "$*" in *diff*) : > {begun}; exec sleep 60;; esac\nexec {real} "$@"\n')
        slow.chmod(0o755)
        monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")

        class Patience(threading.Thread):
            """Is over when what takes too long has begun, and not before, however slow the machine is."""

            def __init__(self, _: float, give_up: Callable[[], None]) -> None:
                super().__init__()
                self._give_up = give_up
                self._needless = threading.Event()

            def run(self) -> None:
                while not self._needless.wait(0.01):
                    if begun.exists():
                        self._give_up()
                        return

            def cancel(self) -> None:
                self._needless.set()

        monkeypatch.setattr("cockpit.engine.git_state.threading.Timer", Patience)
        assert list(short_state(repository, 0.2)) == ["commit"]
        begun.unlink()
        state = git_state(repository, seconds=0.2)
        assert (state.is_late, state.commit) == (True, git(repository, "rev-parse", "HEAD"))


class TestKeeper:
    def test_everything_is_in_the_run_folder_when_the_sweep_is_over(self, repository: Path) -> None:
        run = run_in(repository)
        (repository / "train.py").write_text("lr = 2\n")
        data = repository.parent / "data"
        data.mkdir()
        (data / "a.csv").write_text("1,2\n")
        with ProvenanceKeeper(run, repository, data):
            pass
        known = read_provenance(run)
        assert known is not None
        (code,) = known["code"]
        assert (code["commit"], code["diff"], code["untracked"]) == (
            git(repository, "rev-parse", "HEAD"),
            "code.diff",
            {},
        )
        assert "+lr = 2" in (run.path / "code.diff").read_text()
        assert run.packages.read_text().count("==") == known["packages"] > 10
        assert (known["data"]["files"], known["data"]["bytes"], known["data"]["digest_of"]) == (1, 4, "contents")

    def test_one_that_is_taken_up_again_keeps_how_it_began(self, repository: Path) -> None:
        run = run_in(repository)
        with ProvenanceKeeper(run, repository, None):
            pass
        (repository / "train.py").write_text("lr = 2\n")
        with ProvenanceKeeper(run, repository, None):
            pass
        known = read_provenance(run)
        assert known is not None
        assert [code["diff"] for code in known["code"]] == ["", "code.2.diff"]
        assert (run.path / "code.2.diff").exists()

    def test_what_it_ran_with_is_not_worth_what_it_runs(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with ProvenanceKeeper(RunFolder(tmp_path / "gone"), tmp_path, None):
            pass
        assert "FileNotFoundError" in capfd.readouterr().err


def test_packages_are_those_of_this_python() -> None:
    packages = installed()
    for name in ("numpy", "torch", "pytest"):
        assert packages[name] == version(name)
    assert versions(packages)["torch"] == version("torch")
    assert f"numpy=={version('numpy')}\n" in freeze_text(packages)


def test_the_first_line_of_a_ledger_says_versions_and_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VARIABLE", CANARY)
    known = environment()
    assert known["versions"]["numpy"] == version("numpy")
    assert known["python"] == sys.version.split()[0]
    assert CANARY not in str(known)


def test_data_are_known_by_content_or_by_names_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.bin").write_bytes(b"1" * 10)
    (tmp_path / "sub" / "b.bin").write_bytes(b"2")
    before = data_identity(tmp_path)
    assert (before["files"], before["bytes"]) == (2, 11)
    assert data_identity(tmp_path) == before
    (tmp_path / "a.bin").write_bytes(b"3" * 10)
    assert data_identity(tmp_path)["digest"] != before["digest"]
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(SMALL)
    assert data_identity(tmp_path)["digest_of"] == "names and sizes"
    assert data_identity(tmp_path / "a.bin")["files"] == 1
    assert data_identity(tmp_path / "nowhere") == {}
