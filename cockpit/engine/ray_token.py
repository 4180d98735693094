"""Ray's tokens: one of its own for each Ray that a sweep starts, and whether that of a cluster is kept from others.

Ray reads `RAY_AUTH_TOKEN`, else the file that `RAY_AUTH_TOKEN_PATH` names, else `~/.ray/auth_token`, which it makes
readable for everybody.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

MODE, TOKEN, TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"


class TokenError(Exception):
    """A token is not kept from others; the message is one line that says what to do."""


def write_token(folder: Path) -> Path:
    """Write a new token into a private folder. Returns its file, which only this user can read."""
    path = folder / "token"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    check_token(path)
    return path


def check_token(path: Path) -> None:
    """Raises `TokenError` when others can read or replace the token, `OSError` when there is none."""
    status = path.stat()
    if status.st_uid != os.getuid():
        raise TokenError(f"Ray's token {path} belongs to another user; use one of your own, made with `chmod 600`")
    if status.st_mode & 0o077:
        raise TokenError(f"others can read Ray's token {path}; run `chmod 600` on it")


def check_token_of_cluster() -> None:
    """Check the file from which Ray would take the token for joining a cluster; no token is fine here.

    Raises `TokenError`.
    """
    path = token_file(os.environ)
    if path is not None and path.exists():
        check_token(path)


def token_file(environment: Mapping[str, str]) -> Path | None:
    """The file that Ray reads its token from. None where it reads none, because it has one already or needs none."""
    if environment.get(TOKEN) or environment.get(MODE, "token").lower() != "token":
        return None
    return Path(environment.get(TOKEN_PATH) or Path.home() / ".ray" / "auth_token")


def without_token(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program of a user, which has no business with the token."""
    return {name: value for name, value in environment.items() if name not in (TOKEN, TOKEN_PATH)}
