"""What `cockpit show` says of how an experiment came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.cli.options import console, print_facts
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder
    from cockpit.store.rows import SweepRow

NAMED = 6  # versions; the others are in the file


def print_provenance(run: RunFolder, sweep: SweepRow) -> None:
    """Command, code, data, versions and machine, as far as they are known."""
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
        "host": sweep.host,
    }
    if any(facts.values()):
        console().print()
        print_facts(facts)


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
