"""Tokens of Ray: files for nobody else, and where Ray would read one."""

import os
from pathlib import Path

import pytest

from cockpit.engine.ray_token import (
    TokenError,
    check_token,
    check_token_of_cluster,
    token_file,
    without_token,
    write_token,
)


def test_a_new_token_is_for_this_user_only_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = write_token(tmp_path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text()) == 64
    with pytest.raises(FileExistsError):  # never into a file that somebody put there
        write_token(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_token_for_others_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    path = write_token(tmp_path)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(path))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    check_token_of_cluster()
    path.chmod(mode)
    with pytest.raises(TokenError, match="run `chmod 600` on it"):
        check_token_of_cluster()
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    check_token_of_cluster()


def test_a_token_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_token(tmp_path)
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(TokenError, match="belongs to another user"):
        check_token(path)


def test_ray_reads_the_variable_then_the_named_file_then_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert token_file({"RAY_AUTH_TOKEN": "x", "RAY_AUTH_TOKEN_PATH": "/t"}) is None
    assert token_file({"RAY_AUTH_MODE": "disabled", "RAY_AUTH_TOKEN_PATH": "/t"}) is None
    assert token_file({"RAY_AUTH_MODE": "Token", "RAY_AUTH_TOKEN_PATH": "/t"}) == Path("/t")
    assert token_file({}) == Path("/home/somebody/.ray/auth_token")


def test_a_program_of_a_user_gets_no_token() -> None:
    everything = {"RAY_AUTH_TOKEN": "x", "RAY_AUTH_TOKEN_PATH": "/t", "RAY_AUTH_MODE": "token", "PATH": "/bin"}
    assert without_token(everything) == {"RAY_AUTH_MODE": "token", "PATH": "/bin"}
