"""All that is measured on a GPU, in one table that is also written to a file.

`python -m tests.bench.gpu [--device cuda] [--only TOPIC] [--quick] [--out FILE]`. Where the device is missing nothing
is done, and the exit status is 2; `--device cpu --quick` goes the same way anywhere.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from trainers.contract import InputError
from trainers.devices.select import select

from .child import ROOT
from .measuring import measure
from .table import Row, format_table

TOPICS = ("device_tests", "loop", "options", "commands")
OUT = ROOT / "build" / "bench-gpu.txt"


def main() -> int:
    """2 where the device is missing. A missed target is a finding, and no error."""
    arguments = _arguments()
    try:
        heading = _heading(arguments.device)
    except InputError as error:
        print(f"bench-gpu: {error}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    began = time.monotonic()
    for topic in arguments.only or TOPICS:
        print(f"measuring {topic} …", file=sys.stderr, flush=True)
        rows += measure(topic, arguments.quick, arguments.device)
        # After every topic, so that what was measured is there whatever ends the rest.
        _write(arguments.out, f"{heading}\n\n{format_table(rows)}\n\n{_ending(began)}\n")
    print(arguments.out.read_text(encoding="utf-8"), end="")
    print(f"written to {arguments.out}", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda", choices=("cuda", "mps", "cpu"), help="where to measure")
    parser.add_argument("--only", action="append", choices=TOPICS, help="measure this topic alone; repeatable")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and trainers, for a first look")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="also write the table there")
    return parser.parse_args()


def _heading(kind: str) -> str:
    """What the figures are of. Raises `InputError` where the device does not exist."""
    import torch

    device = select(kind)
    built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    lines = (
        time.strftime("%Y-%m-%d %H:%M:%S %z"),
        f"{device.describe()}, torch {torch.__version__} {built}, Python {platform.python_version()}",
        f"commit {commit.stdout.strip() or 'unknown'}",
    )
    return "\n".join(lines)


def _ending(began: float) -> str:
    minutes = (time.monotonic() - began) / 60
    load = os.getloadavg()[0]
    return (
        f"{minutes:.1f} minutes, {os.cpu_count()} cores, load {load:.1f} at the end; ratios are ours / peer unless said"
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
