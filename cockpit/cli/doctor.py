"""`cockpit doctor`: whether things will work, and what others can reach or read."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from cockpit.cli.exposure import exposure
from cockpit.cli.finding import Finding
from cockpit.cli.hardware import hardware
from cockpit.cli.options import device_option, json_option, logs_option, print_json, print_table

PACKAGES = ("torch", "transformers", "ray", "optuna", "pandas", "textual", "kaggle", "six")
LITTLE_SPACE = 2 << 30  # bytes; checkpoints of one larger sweep


@click.command()
@click.option("--bench", "measure", is_flag=True, help="Measure how fast device, memory, loaders and disk are instead.")
@device_option(default=None, help="What --bench measures.")
@logs_option
@json_option
def doctor(measure: bool, device: str | None, logs: Path, as_json: bool) -> int:
    """Check devices, versions, credentials, open ports and disk; exit with 1 when something is wrong.

    With --bench some seconds are spent on measurements instead: matrix products, copies, the loader of a trainer with
    and without workers, and event lines.
    """
    if measure:
        from cockpit.cli.bench import bench

        return bench(logs, device or "auto", as_json)
    if device is not None:
        raise click.UsageError("--device says what --bench measures; add --bench, or drop it")
    findings = [finding for check in (_python, _versions, hardware, _credentials, exposure) for finding in check()]
    findings += _disk(logs)
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        marks = {"ok": "✓", "note": "·", "bad": "✗"}
        rows = [[marks[finding.level], finding.what, finding.says] for finding in findings]
        print_table(("", "what", "says"), rows, left=("", "what", "says"), last_folds=True)
    return 1 if any(finding.level == "bad" for finding in findings) else 0


def _python() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "ok" if sys.version_info >= (3, 11) else "bad", found)


def _versions() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "bad", f"not installed; run `{Path(sys.executable).name} -m pip install {name}`")


def _credentials() -> Iterator[Finding]:
    """Whether Kaggle could log in; nothing is read, shown or sent."""
    home = Path.home() / ".kaggle"
    places = [home / name for name in ("access_token", "access_token.txt", "kaggle.json", "credentials.json")]
    if os.environ.get("KAGGLE_API_TOKEN") or {"KAGGLE_USERNAME", "KAGGLE_KEY"} <= os.environ.keys():
        yield Finding("kaggle login", "ok", "from the environment")
        return
    found = [place for place in places if place.exists()]
    if not found:
        yield Finding("kaggle login", "note", "none; only the Kaggle commands need one")
        return
    open_to_others = [place for place in found if place.stat().st_mode & 0o077]
    if open_to_others:
        yield Finding("kaggle login", "bad", f"others can read {open_to_others[0]}; run `chmod 600` on it")
        return
    yield Finding("kaggle login", "ok", str(found[0]))


def _disk(logs: Path) -> Iterator[Finding]:
    folder = logs.resolve()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    level = "ok" if free > LITTLE_SPACE else "bad"
    yield Finding("disk", level, f"{free / (1 << 30):.1f} GiB free for {logs}")
    writable = os.access(existing, os.W_OK)
    says = "can be written" if writable else f"{existing} cannot be written; choose another with --logs DIR"
    yield Finding("logs folder", "ok" if writable else "bad", says)
