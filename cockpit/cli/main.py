"""`cockpit`: finds the command, runs it, and turns every error into one line and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from cockpit.cli.lazy import LazyGroup
from cockpit.events.text import one_line

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

# Command: where it is, and what the list of commands says. Importing them all would take longer than showing the list.
COMMANDS = {
    "open": ("cockpit.cli.tui:open_", "Open the cockpit on the screen; so does no command at all."),
    "sweep": ("cockpit.cli.sweep:sweep", "Run a search as an experiment."),
    "run": ("cockpit.cli.run:run", "Run one command as an experiment."),
    "find-lr": ("cockpit.cli.find_lr:find_lr", "Look for a learning rate: where the loss falls, and explodes."),
    "find-batch": ("cockpit.cli.find_batch:find_batch", "Find the largest batch that fits, and the fastest."),
    "profile": ("cockpit.cli.profile:profile", "Show where the time of a training step goes."),
    "import": ("cockpit.cli.import_:import_", "Make experiments of logs, notes and records of other tools."),
    "demo": ("cockpit.cli.demo:demo", "Replay a recorded sweep, with nothing trained."),
    "ls": ("cockpit.cli.inspect:ls", "List the experiments."),
    "show": ("cockpit.cli.show:show", "Show an experiment or a trial, and why trials stopped."),
    "steps": ("cockpit.cli.tables:steps", "Print the per-step table of a trial."),
    "grads": ("cockpit.cli.tables:grads", "Print the norm table of a trial."),
    "best": ("cockpit.cli.best:best", "Show the best of all experiments, by CV or leaderboard."),
    "devices": ("cockpit.cli.devices:devices", "Show how busy this machine is, or was."),
    "compare": ("cockpit.cli.compare:compare", "Show trials side by side."),
    "importance": ("cockpit.cli.importance:importance", "Show which parameters matter, and their best ranges."),
    "blend": ("cockpit.cli.blend:blend", "Merge the predictions of experiments into a new one."),
    "threshold": ("cockpit.cli.threshold:threshold", "Find the best thresholds of an experiment's predictions."),
    "check": ("cockpit.cli.check:check", "Look for leaks and for scores that prove nothing."),
    "rerun": ("cockpit.cli.rerun:rerun", "Run a trial again; are its numbers the same?"),
    "note": ("cockpit.cli.words:note", "Write a note into the diary."),
    "score": ("cockpit.cli.words:score", "Enter a score of the leaderboard."),
    "stop": ("cockpit.cli.steer:stop", "Stop a running trial or sweep."),
    "kill": ("cockpit.cli.steer:kill", "Kill a running trial or sweep."),
    "pause": ("cockpit.cli.steer:pause", "Pause a running trial or sweep."),
    "resume": ("cockpit.cli.steer:resume", "Let a paused trial or sweep go on."),
    "add": ("cockpit.cli.steer:add", "Add a trial to a running sweep."),
    "set": ("cockpit.cli.steer:set_", "Change a value in a running trial."),
    "export": ("cockpit.cli.export:export", "Write an experiment as CSV, JSON, HTML, TensorBoard and more."),
    "diary": ("cockpit.cli.diary:diary", "Print or regenerate the diary."),
    "kaggle": ("cockpit.cli.kaggle:kaggle", "Data, datasets, submissions and scores at Kaggle."),
    "reindex": ("cockpit.cli.upkeep:reindex", "Make the indexes anew from the run folders."),
    "doctor": ("cockpit.cli.doctor:doctor", "Check devices, versions, credentials, open ports and disk."),
    "where": ("cockpit.cli.upkeep:where", "Print the folders in use."),
    "new": ("cockpit.cli.new:new", "Start a trainer or a search of your own from an example."),
}


@click.group(
    cls=LazyGroup, homes=COMMANDS, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="cockpit-ml", prog_name="cockpit")
@click.option("--logs", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the experiments.")
@click.pass_context
def cockpit(ctx: click.Context, logs: Path | None) -> int:
    """Launch, watch, steer and record training sweeps from a terminal. Without a command, the cockpit opens.

    An experiment is called exp012, by its folder's name, or latest; a trial exp012/t003. `cockpit sweep demo` tries
    things out in seconds, `cockpit sweep arcface` is real training on built-in data.
    """
    given = {} if logs is None else {"logs": logs}
    if ctx.invoked_subcommand is not None:
        ctx.default_map = {ctx.invoked_subcommand: given}
        return DONE
    from cockpit.cli.tui import open_

    code: int = open_.main(["--logs", str(logs)] if logs else [], prog_name="cockpit open", standalone_mode=False)
    return code


_FULL_DISK = "the disk is full; make room, and `cockpit sweep --resume EXP` goes on with a sweep that this ended"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point: exits 0 when done, 1 when the work failed, 2 on wrong input, 130 when interrupted."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        code = cockpit.main(arguments, prog_name="cockpit", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else DONE
    except click.ClickException as error:
        return _complain(_usage_text(error), USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", INTERRUPTED)
    except (BrokenPipeError, SystemExit):
        # The reader of a pipe has seen enough, which click and rich turn into an exit. Nothing can be flushed there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if _is_for_people(error):
            return _complain(str(error), USAGE)
        if _is_of_kaggle(error):
            return _complain(str(error), FAILED)
        if is_full_disk(error):
            return _complain(f"{_FULL_DISK}: {error}", FAILED)
        return _complain(f"{type(error).__name__}: {error}; the traceback is in {_keep_traceback()}", FAILED)


def _is_for_people(error: Exception) -> bool:
    """Errors about the user's input carry their whole explanation in one line."""
    from cockpit.engine.ray_token import TokenError
    from cockpit.search.errors import SearchError
    from cockpit.store.folder import FolderError
    from cockpit.tui.settings import SettingsError
    from trainers.contract import InputError

    return isinstance(error, FolderError | SearchError | SettingsError | InputError | TokenError)


def _is_of_kaggle(error: Exception) -> bool:
    """The user asked for the right thing, and Kaggle or the way to it did not do it."""
    from cockpit.kaggle.errors import KaggleError

    return isinstance(error, KaggleError)


def is_full_disk(error: Exception) -> bool:
    """Whether it says that nothing more can be written."""
    import sqlite3

    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _usage_text(error: click.ClickException) -> str:
    text = error.format_message()
    context = getattr(error, "ctx", None)
    return f"{text.rstrip('.')}; see `{context.command_path} --help`" if context else text


def _complain(text: str, code: int) -> int:
    from cockpit.events.redaction import redacted

    click.echo(f"cockpit: {redacted(one_line(text))}", err=True)
    return code


def _keep_traceback() -> Path:
    from cockpit.events.redaction import redacted

    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = state / "cockpit" / "error.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(redacted(traceback.format_exc()), encoding="utf-8")
    except OSError:
        click.echo(redacted(traceback.format_exc()), err=True)  # nowhere to keep it, so better here than nowhere
    return path
