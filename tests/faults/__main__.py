"""Kills sweeps until enough have died: `python -m tests.faults --kills 50 --engine local`, one line for each sweep."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from .campaign import survive

KEPT = Path("build/faults")


def main() -> int:
    """The exit status is 1 when a sweep did not survive; its folder is kept in build/faults."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how many processes are killed; other faults come beside")
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    parser.add_argument("--seed", type=int, default=1, help="the first one; each sweep has the next")
    parser.add_argument("--victim", action="append", default=[], help="strike this, in place of what a seed chooses")
    wanted = parser.parse_args()
    kills, strikes, failed, seed, began = 0, 0, [], wanted.seed, time.monotonic()
    while kills < wanted.kills:
        folder = Path(tempfile.mkdtemp(prefix="faults-"))
        try:
            report = survive(seed, wanted.engine, folder, wanted.victim)
            print(report, flush=True)
            kills, strikes = kills + report.kills, strikes + len(report.strikes)
        except AssertionError as error:
            print(f"{error}", flush=True)
            failed.append(seed)
            kills += 1
            shutil.copytree(folder, KEPT / f"{wanted.engine}-{seed}", dirs_exist_ok=True)
        finally:
            shutil.rmtree(folder)
        seed += 1
    print(
        f"{kills} kills and {strikes - kills} other faults in {seed - wanted.seed} sweeps, "
        f"{time.monotonic() - began:.0f} s; failing seeds: {', '.join(map(str, failed)) or 'none'}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
