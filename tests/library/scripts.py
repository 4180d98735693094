"""Training scripts run as a run's trial is: another process with `$COCKPIT_EVENTS`."""

import os
import subprocess
import sys
from pathlib import Path

from cockpit.events.codec import decode

ROOT = Path(__file__).parent.parent.parent


def run_script(folder, text, *, inside=True, **variables):
    """Run `text` in `folder` and return its events and its standard error. It must end well."""
    events = folder / "events.jsonl"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COCKPIT_")}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    if inside:
        environment["COCKPIT_EVENTS"] = str(events)
    environment |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", **variables}
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return read_events(events), done.stderr


def read_events(path):
    """Every line of the file, each of which must be a whole event.

    Empty ones are none: a process that opens the file while another one writes ends that line first, to be sure.
    """
    return [decode(line) for line in path.read_bytes().splitlines() if line] if path.exists() else []


def of_kind(events, kind):
    return [event for event in events if event.kind == kind]
