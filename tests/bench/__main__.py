"""Runs the measurements and prints one table: `python -m tests.bench [--only NAME] [--quick]`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback

from .table import Row, format_table

# In the order of how long they take, the shortest first.
TOPICS = (
    "redaction", "chart", "trials_table", "index", "event_files", "logging", "cli_start", "screen_start", "screen_live",
    "screen_bytes", "ensembles", "diary", "sentences", "audio", "norms", "loop", "matching",
    "verdicts", "imports", "library", "screen_memory", "screen_many", "steer", "first_step", "many_trials", "sweep",
    "xla",
)  # fmt: skip
MODULES = {"logging": "log_step"}  # a module called logging would hide Python's own from whoever runs in this folder


def main() -> int:
    """A missed target is a finding, not an error, so the exit status says nothing about targets."""
    arguments = _arguments()
    rows: list[Row] = []
    for topic in arguments.only or TOPICS:
        print(f"measuring {topic} …", file=sys.stderr, flush=True)
        rows += measure(topic, arguments.quick)
    print(format_table(rows))
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; ratios are ours / peer unless said")
    return 0


def measure(topic: str, quick: bool) -> list[Row]:
    """The rows of one topic; one that breaks is shown as such and keeps no other from being measured."""
    try:
        rows: list[Row] = importlib.import_module(f"{__package__}.{MODULES.get(topic, topic)}").rows(quick)
    except Exception as error:
        traceback.print_exc()
        return [Row(topic, ours=f"broken: {type(error).__name__}")]
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=TOPICS, help="measure this topic alone; repeatable")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller inputs, for a first look")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
