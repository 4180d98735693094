"""`cockpit demo`: a recorded run happens again before your eyes."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import has_terminal

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder

END_SECONDS = 5.0  # a replay ends within a moment of being told to


@click.command()
@click.argument("recording", metavar="[RECORDING]", required=False)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    metavar="X",
    default=1.0,
    show_default=True,
    help="Times the recorded pace; 0 writes all of it at once.",
)
@click.option(
    "--logs", type=click.Path(path_type=Path), metavar="DIR", help="Replay into this folder and leave it there."
)
@click.option(
    "--pack", type=click.Path(path_type=Path), metavar="FILE", help="Write RECORDING into a zip to give away."
)
def demo(recording: str | None, speed: float, logs: Path | None, pack: Path | None) -> int:
    """Replay a recorded sweep: its trials run and end as they did, with nothing trained.

    RECORDING is an experiment, a run folder or a packed recording; without it, one that comes with the program is
    replayed. It is written into a temporary folder unless --logs names one, and ends when the screen is left. Without a
    terminal it is only written. --pack takes the names and paths of this machine out.
    """
    source = _source(recording, logs)
    if pack is not None:
        return _pack(source, pack, asked=recording is not None)
    from cockpit.engine.spawn import is_detached

    if is_detached() or not has_terminal():
        return _replay(source, speed, logs or Path(tempfile.mkdtemp(prefix="cockpit-demo-")))
    with _folder(logs) as folder:
        return _show(source, speed, folder)


def _source(name: str | None, logs: Path | None) -> Path:
    """The run folder or the zip that is meant."""
    from cockpit.engine.recording import shipped_recording
    from cockpit.store.folder import find_experiment

    if name is None:
        return shipped_recording()
    if Path(name).exists():
        return Path(name)
    return find_experiment(logs or Path(os.environ.get("COCKPIT_LOGS") or "logs"), name).path


def _pack(source: Path, path: Path, *, asked: bool) -> int:
    from cockpit.engine.pack import pack
    from cockpit.store.folder import RunFolder

    if not asked or not source.is_dir():
        raise click.UsageError("--pack wants an experiment or a run folder as RECORDING")
    size = pack(RunFolder(source.resolve()), path)
    click.echo(f"{path}: {size / 1000:.0f} kB, without names and paths of this machine")
    return 0


@contextmanager
def _folder(logs: Path | None) -> Iterator[Path]:
    """Where the replay is written: what the user named, or what is gone afterwards."""
    if logs is not None:
        yield logs
        return
    with tempfile.TemporaryDirectory(prefix="cockpit-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _show(source: Path, speed: float, folder: Path) -> int:
    """Replay in a process of its own, with the screen open on it."""
    from cockpit.engine.spawn import NotStartedError, end_detached, spawn_detached
    from cockpit.tui.start import open_cockpit

    try:
        arguments = [str(source.resolve()), "--speed", str(speed), "--logs", str(folder.resolve())]
        name, pid = spawn_detached(arguments, command="demo")
    except NotStartedError as error:
        click.echo(f"cockpit: {error}", err=True)
        return error.code
    try:
        return open_cockpit(folder, name, sweeps_go_on=False)
    finally:
        end_detached(pid, END_SECONDS)


def _replay(source: Path, speed: float, logs: Path) -> int:
    """Replay in this process."""
    from cockpit.cli.pictures import draw_pictures
    from cockpit.diary.book import write_entry
    from cockpit.engine.recording import read_recording
    from cockpit.engine.replay import replay
    from cockpit.engine.spawn import is_detached, tell_ready

    detached = is_detached()

    def announce(run: RunFolder) -> None:
        write_entry(logs, run)
        tell_ready(run.name)  # now there is an index that can be looked at
        if not detached:
            click.echo(f"{run.name} is replayed in {logs}; `cockpit ls --logs {shlex.quote(str(logs))}` lists it")

    command = shlex.join(["cockpit", *sys.argv[1:]])
    run, ending = replay(read_recording(source), logs, speed, command, announce, detached=detached)
    draw_pictures(logs, [run])
    write_entry(logs, run)
    return 130 if ending.status == "interrupted" else 0
