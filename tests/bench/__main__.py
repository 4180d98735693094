"""Runs the measurements and prints one table: `python -m tests.bench [--only NAME] [--quick]`."""

from __future__ import annotations

import argparse
import os
import sys

from .measuring import measure
from .table import Row, format_table

# In the order of how long they take, the shortest first.
TOPICS = (
    "redaction", "chart", "trials_table", "index", "event_files", "logging", "cli_start", "screen_start", "screen_live",
    "screen_bytes", "ensembles", "diary", "sentences", "audio", "norms", "loop", "matching",
    "verdicts", "imports", "library", "screen_memory", "screen_many", "steer", "options", "first_step",
    "many_trials", "sweep", "xla",
)  # fmt: skip
ON_DEVICES = ("loop", "options")


def main() -> int:
    """A missed target is a finding, not an error, so the exit status says nothing about targets."""
    arguments = _arguments()
    rows: list[Row] = []
    for topic in arguments.only or TOPICS:
        print(f"measuring {topic} …", file=sys.stderr, flush=True)
        where = (arguments.device,) if topic in ON_DEVICES else ()
        rows += measure(topic, arguments.quick, *where)
    print(format_table(rows))
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; ratios are ours / peer unless said")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=TOPICS, help="measure this topic alone; repeatable")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda", "mps"), help=f"for {', '.join(ON_DEVICES)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller inputs, for a first look")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
