"""Where and with what a sweep runs, for its record.

What is quickly told stands in the ledger from the first line on. The rest takes git a while in a large repository, so
a thread of its own finds it out while the sweep begins: `provenance.json`, `code.diff` and `packages.txt`.
"""

from __future__ import annotations

import os
import platform
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from cockpit.engine.data_identity import data_identity
from cockpit.engine.git_state import GitState, git_state, short_state
from cockpit.engine.machine import cores, gpu_ids
from cockpit.engine.packages import freeze_text, installed, versions
from cockpit.store.folder import RunFolder
from cockpit.store.life import process_started
from cockpit.store.provenance import keep_provenance, read_provenance
from cockpit.store.summary import replace_file

QUICK_SECONDS = 0.5  # for what the first line of the ledger says of the code
LAST_SECONDS = 10.0  # at the end, where a sweep was shorter than git takes


def environment() -> dict[str, Any]:
    """Versions, machine, git state and working folder. No environment variables: those hold secrets."""
    return {
        "python": platform.python_version(),
        "versions": versions(installed()),
        "platform": platform.platform(),
        "cores": cores(),
        "gpus": len(gpu_ids()),
        "folder": str(Path.cwd()),
        "process_started": process_started(os.getpid()),
        **short_state(Path.cwd(), QUICK_SECONDS),
    }


class ProvenanceKeeper:
    """Writes the files from a thread of its own, which begins at once; leaving waits for it."""

    def __init__(self, run: RunFolder, folder: Path, data: Path | None) -> None:
        self._run = run
        self._folder = folder
        self._data = data
        self._thread = threading.Thread(target=self._keep, name="provenance", daemon=True)

    def __enter__(self) -> ProvenanceKeeper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(LAST_SECONDS)

    def _keep(self) -> None:
        try:
            before = read_provenance(self._run)
            lives = len(before.get("code", [])) if before else 0
            code = self._code(lives + 1)
            if before is not None:
                # An experiment that was taken up again keeps what it began with.
                keep_provenance(self._run, {**before, "code": [*before.get("code", []), code]})
                return
            packages = installed()
            replace_file(self._run.packages, freeze_text(packages))
            data = {} if self._data is None else data_identity(self._data)
            keep_provenance(self._run, {"code": [code], "packages": len(packages), "data": data})
        except Exception:  # what it ran with is not worth what it runs
            traceback.print_exc()

    def _code(self, life: int) -> dict[str, Any]:
        """What is kept of the code; its diff in a file beside."""
        state = git_state(self._folder, without=self._run.path.parent)
        at = {"at": time.time(), "folder": str(self._folder)}
        return {**at, **_described(state), "diff": self._diff(state, life)}

    def _diff(self, state: GitState, life: int) -> str:
        """The name of the file with the diff; empty where nothing was changed."""
        if not state.diff:
            return ""
        name = "code.diff" if life == 1 else f"code.{life}.diff"
        cut = b"\n# cut after %d bytes: there is more in this diff than is kept\n" % len(state.diff)
        self._run.path.joinpath(name).write_bytes(state.diff + (cut if state.is_cut else b""))
        return name


def _described(state: GitState) -> dict[str, Any]:
    """The state of the code as it is recorded, without its diff."""
    return {
        "commit": state.commit,
        "branch": state.branch,
        "changed_lines": state.changed_lines,
        "cut": state.is_cut,
        "late": state.is_late,
        "digest": state.digest,
        "untracked": state.untracked,
    }
