"""`provenance.json`: with which code, packages and data an experiment ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cockpit.events.codec import encodable
from cockpit.events.text import one_line
from cockpit.store.folder import RunFolder
from cockpit.store.numbers import counted
from cockpit.store.summary import replace_file

SHORT = 9  # digits of a commit that people read
MOST_NAMES = 3


def read_provenance(run: RunFolder) -> dict[str, Any] | None:
    """What is kept: `code` (a list, one for each time the sweep was begun or taken up), `packages` and `data`.

    None where nothing is, as for experiments that were imported.
    """
    try:
        found = json.loads(run.provenance.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and _is_list_of_objects(found.get("code")) else None


def keep_provenance(run: RunFolder, found: Mapping[str, Any]) -> None:
    """Raises `OSError`."""
    replace_file(run.provenance, json.dumps(encodable(found), ensure_ascii=False, indent=1) + "\n")


def packages_of(run: RunFolder) -> dict[str, str]:
    """The versions of all packages by name; empty where they are not kept."""
    try:
        lines = run.packages.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: version for name, equals, version in (one_line(line).partition("==") for line in lines) if equals}


def code_text(code: Mapping[str, Any]) -> str:
    """`abc123def on main, 12 changed lines in code.diff, untracked sources: a.py`; empty where nothing is known."""
    commit, branch = (one_line(str(code.get(key) or "")) for key in ("commit", "branch"))
    parts = [" on ".join(filter(None, (commit[:SHORT], branch)))]
    if code.get("diff"):
        cut = ", cut" if code.get("cut") else ""
        parts.append(f"{counted(int(code.get('changed_lines') or 0), 'changed line')} in {code['diff']}{cut}")
    if code.get("late"):
        parts.append("what was changed is not known, because git took too long")
    untracked = code.get("untracked")
    if isinstance(untracked, dict) and untracked:
        names = ", ".join(one_line(str(name)) for name in list(untracked)[:MOST_NAMES])
        more = f" and {len(untracked) - MOST_NAMES} more" if len(untracked) > MOST_NAMES else ""
        parts.append(f"{'untracked sources' if commit else 'in no repository'}: {names}{more}")
    return ", ".join(filter(None, parts))


def data_text(data: Mapping[str, Any]) -> str:
    """`/data/x: 12 files, 3.4 MB, digest abc of contents`; empty where the data are the trainer's own."""
    if not data.get("path"):
        return ""
    size = int(data.get("bytes") or 0)
    files = counted(int(data.get("files") or 0), "file")
    digest = one_line(f"{data.get('digest')} of {data.get('digest_of')}")
    return f"{one_line(str(data['path']))}: {files}, {size:,} bytes, digest {digest}"


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)
