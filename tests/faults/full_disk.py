"""A sweep on a disk of its own that gets full in the middle: `python -m tests.faults.full_disk FOLDER`.

To be started in a mount namespace of its own: `unshare --user --map-root-user --mount`.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from cockpit.events.kinds import Lost, Step, TrialStarted
from cockpit.store.reader import Index

from .checks import check_attempts, check_nothing_is_left, check_what_is_shown
from .experiment import EPOCHS, STEPS, Experiment, experiment
from .processes import marked, standing_still, wait_until
from .records import ends, ledger, size, told, trial_pids

DISK = "4m"
FILLER = "filler"
REFUSED = 77  # the exit status where nothing can be mounted


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.full_disk", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--until-the-end", action="store_true", help="room is made only after the sweep has ended")
    wanted = parser.parse_args()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(wanted.folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        print(mounted.stderr)
        return REFUSED
    with experiment(wanted.folder) as made:
        _survive(made, wanted.until_the_end)
    return 0


def _survive(made: Experiment, until_the_end: bool) -> None:
    process = made.sweep()
    running: set[int] = wait_until(lambda: _fill_in_the_middle(made))
    filler = made.folder / FILLER
    if not until_the_end:
        # What wanted to write meanwhile is gone: a checkpoint could not be saved.
        wait_until(lambda: process.poll() is not None or not running & set(_alive(made)))
        filler.unlink()
    code = process.wait(timeout=90)
    filler.unlink(missing_ok=True)
    print(f"exit code {code}; {made.said()}")
    assert code in (0, 1)
    assert "traceback" not in made.said().lower(), made.said()
    check_nothing_is_left(made)
    check_what_is_shown(made)
    again = made.resume()
    assert again.wait(timeout=90) == 0, made.said()
    check_nothing_is_left(made)
    check_attempts(made.run)
    assert ends(made.run) == dict.fromkeys(made.configs, "finished"), ends(made.run)
    _check_that_what_is_missing_is_told(made)


def _fill_in_the_middle(made: Experiment) -> set[int]:
    """Take all room once two trials have a checkpoint before them. Returns their processes; none before that."""
    if size(made.run) <= 10_000:
        return set()
    with standing_still(made.mark):
        pids = trial_pids(made.run)
        if len(pids) < 2 or any(_last_step(made, trial) > (EPOCHS - 1) * STEPS for trial in pids):
            return set()
        _fill(made.folder / FILLER)
        return set(pids.values())


def _last_step(made: Experiment, trial: str) -> int:
    return max((event.step for event in told(made.run, trial) if isinstance(event, Step)), default=0)


def _fill(path: Path) -> None:
    """Take all room there is."""
    with path.open("wb", buffering=0) as file:
        for block in (1 << 16, 1):
            try:
                while file.write(b"x" * block):
                    pass
            except OSError:
                continue


def _alive(made: Experiment) -> list[int]:
    return [process.pid for process in marked(made.mark)]


def _check_that_what_is_missing_is_told(made: Experiment) -> None:
    """Every value that is there is right, and every step that is not was counted as lost."""
    again = [event for event in ledger(made.run) if isinstance(event, TrialStarted) and event.attempt > 1]
    assert again, "the full disk hindered nobody"
    with Index(made.run) as index:
        for trial, config in made.configs.items():
            curve = {(point.kind, point.step): dict(point.metrics) for point in index.steps(trial)}
            lost = sum(event.count for event in told(made.run, trial) if isinstance(event, Lost))
            missing = [step for kind, step in made.curves[trial].keys() - curve.keys() if kind == "step"]
            assert len(missing) <= lost, f"{trial}: {sorted(missing)} missing, {lost} told"
            assert all(made.curves[trial][key] == metrics for key, metrics in curve.items()), trial
            assert {row.id: dict(row.config) for row in index.trials()}[trial] == config


if __name__ == "__main__":
    raise SystemExit(main())
