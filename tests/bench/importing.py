"""The subjects of `imports`, each in a process of its own."""

from __future__ import annotations

import re
import resource
import sys
import time
from pathlib import Path

from .child import leave_result

FIELD = re.compile(r"([a-z_]+)['\"]?[ :=]+(-?[\d.]+(?:e-?\d+)?)")


def ours(folder: Path, log: Path) -> int:
    """Import the log; returns how many events were recorded."""
    from cockpit.importers.importing import Wish, import_source
    from cockpit.importers.registry import importer_of, open_source

    source = open_source(log)
    importer = importer_of(source)
    assert importer is not None
    outcome = import_source(source, importer, Wish(folder / "logs", "cockpit import"))
    return outcome.steps + outcome.evaluations + outcome.norms


def pattern(folder: Path, log: Path) -> int:
    """What one writes in a notebook: one regular expression over each line, and the numbers as floats."""
    found = 0
    with log.open() as file:
        for line in file:
            values = {name: float(value) for name, value in FIELD.findall(line)}
            found += bool(values)
    return found


def main() -> None:
    """FOLDER SUBJECT LOG"""
    folder, subject, log = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    if subject == "ours":
        import cockpit.importers.importing
        import cockpit.importers.registry

        cockpit.importers.registry.importers()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, worked = time.perf_counter(), time.process_time()
    events = {"ours": ours, "pattern": pattern}[subject](folder, log)
    took, cpu = time.perf_counter() - began, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    leave_result(folder, seconds=took, cpu=cpu, events=events, memory=memory * 1024)


if __name__ == "__main__":
    main()
