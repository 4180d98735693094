"""What others can reach or read: sockets beyond loopback, Ray's token, Ray's folders, secrets in the environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cockpit.cli.finding import Finding
from cockpit.cli.open_ports import listening, own_processes
from cockpit.engine import ray_guard, ray_token
from cockpit.events.redaction import secrets_in
from cockpit.events.text import one_line

USUAL_TOKEN = Path(".ray") / "auth_token"  # in the home folder; Ray makes it readable for everybody
RAY_FOLDER = Path("/tmp/ray")


def exposure() -> Iterator[Finding]:
    """Look at the processes of this user, and at where Ray keeps what is secret."""
    yield from listening(own_processes())
    yield from _tokens()
    yield from _folders()
    yield from _variables()


def _tokens() -> Iterator[Finding]:
    """The token for clusters; a sweep's own Ray has one of its own."""
    named = ray_token.token_file(os.environ)
    places = {place for place in (named, Path.home() / USUAL_TOKEN) if place is not None and place.exists()}
    if not places:
        yield Finding("Ray's token", "note", "none; only joining a cluster needs one")
    for place in sorted(places):
        try:
            ray_token.check_token(place)
        except ray_token.TokenError as error:
            yield Finding("Ray's token", "bad", str(error))
        else:
            yield Finding("Ray's token", "ok", str(place))


def _folders() -> Iterator[Finding]:
    if RAY_FOLDER.is_dir() and stat.S_IMODE(RAY_FOLDER.stat().st_mode) & 0o077:
        says = f"others can look into {RAY_FOLDER}, where a Ray that is not of a sweep keeps its files"
        yield Finding("Ray's folder", "note", says)
    for folder in ray_guard.left_folders():
        yield Finding("Ray's folder", "note", f"a killed sweep left {folder}; remove it with `rm -r`")


def _variables() -> Iterator[Finding]:
    """Names of variables that hold secrets; what is in them is neither recorded nor shown."""
    names = sorted(name for name, value in os.environ.items() if secrets_in(f"{name}={value}"))
    if names:
        says = f"trials inherit {', '.join(map(one_line, names))}; what they print of it is left out of the record"
        yield Finding("secret variables", "note", says)
