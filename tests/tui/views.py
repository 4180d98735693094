"""What a feed would have read of a run folder, for the parts that need no feed."""

from pathlib import Path

from cockpit.store.folder import RunFolder
from cockpit.tui.interest import Focus, Interest
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.watch import Watch


def snapshot_of(run: RunFolder, trial="t000") -> Snapshot:
    """A snapshot of one experiment with one of its trials in focus."""
    watch = Watch(run)
    try:
        view = watch.look()
        focus = Focus(run.name, trial)
        interest = Interest(experiments=(run.name,), focus=focus)
        return Snapshot(
            serial=1,
            at=0.0,
            logs=Path(run.path.parent),
            interest=interest,
            sweeps={run.name: view},
            focus=watch.focus(focus, interest),
        )
    finally:
        watch.close()
