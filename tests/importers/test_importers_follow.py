"""A log that is followed obeys from the moment on at which people can know of it."""

from pathlib import Path

from cockpit.engine.control import send
from cockpit.importers.follow import follow
from cockpit.importers.importing import Wish
from cockpit.store.folder import RunFolder
from cockpit.store.reader import Index


def test_a_command_is_heard_as_soon_as_the_experiment_is_announced(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("step 1 loss: 0.5\nstep 2 loss: 0.4\n")
    told: list[RunFolder] = []

    def announce(run: RunFolder) -> None:
        send(run, "stop")
        told.append(run)

    outcome = follow(log, Wish(tmp_path / "logs", "cockpit import"), announce)
    assert outcome is not None
    assert [run.id for run in told] == ["exp001"]
    with Index(told[0]) as index:
        (answer,) = index.commands()
    assert (answer.name, answer.state) == ("stop", "done")
