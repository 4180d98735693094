"""What `cockpit show` says of how an experiment came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.cli.options import console, print_facts
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder
    from cockpit.store.rows import SweepRow

NAMED = 6  # versions; the others are in the file


def print_provenance(run: RunFolder, sweep: SweepRow, trial: str = "") -> None:
    """Command, code, data, versions and machine, as far as they are known; with a `trial` its own machine."""
    from cockpit.store.provenance import code_text, data_text, read_provenance

    known = read_provenance(run) or {}
    code = known.get("code") or [{}]
    facts = {
        "rerun of": one_line(str(sweep.extra.get("rerun_of") or "")),
        "command": sweep.command,
        "code": code_text(code[0]) or one_line(str(sweep.environment.get("commit") or "")),
        "then": "; ".join(code_text(each) for each in code[1:] if each.get("digest") != code[0].get("digest")),
        "data": data_text(known.get("data") or {}),
        "versions": _versions(run, sweep, known.get("packages")),
        "host": _host(run, sweep, trial),
    }
    if any(facts.values()):
        console().print()
        print_facts(facts)


def circumstances(run: RunFolder, sweep: SweepRow, trial: str) -> dict[str, Any]:
    """How a trial came about, for its document."""
    from cockpit.store.document import plain
    from cockpit.store.history import beginnings
    from cockpit.store.provenance import read_provenance

    first = beginnings(run, trial)[:1]
    return {
        "host": first[0].host if first else sweep.host,
        "threads": first[0].threads if first else None,
        "command": sweep.command,
        "environment": plain(sweep.environment),
        "rerun_of": sweep.extra.get("rerun_of"),
        "provenance": plain(read_provenance(run)),
    }


def _host(run: RunFolder, sweep: SweepRow, trial: str) -> str:
    from cockpit.store.history import beginnings
    from cockpit.store.numbers import counted

    for first in beginnings(run, trial)[:1] if trial else ():
        return ", ".join(filter(None, (first.host, counted(first.threads, "thread") if first.threads else "")))
    return sweep.host


def _versions(run: RunFolder, sweep: SweepRow, packages: object) -> str:
    versions = sweep.environment.get("versions")
    known = versions if isinstance(versions, dict) else {}
    python = sweep.environment.get("python")
    first = [f"python {python}"] if python else []
    told = [*first, *(f"{name} {version}" for name, version in known.items())]
    usual = sorted(
        told, key=lambda text: not text.startswith(("python", "torch ", "numpy", "cockpit", "ray", "optuna"))
    )
    more = f", all {packages} in {run.packages.name}" if packages and run.packages.exists() else ""
    return one_line(", ".join(usual[:NAMED])) + more
