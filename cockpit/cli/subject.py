"""The options of commands that look at one configuration of a trainer, wherever it is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import device_option, json_option, logs_option, settings_of

if TYPE_CHECKING:
    from cockpit.engine.subject import Subject

Command = Callable[..., int]


@dataclass(frozen=True)
class Asked:
    """What is to be looked at, with the settings that were typed, on which device, and how the answer is told."""

    subject: Subject
    device: str
    logs: Path
    as_json: bool


def about_subject(command: Command) -> Command:
    """Gives a command SEARCH|TRAINER|EXP/TRIAL and the options that go with it, as its first argument `asked`.

    What is not there or not allowed raises as `find_subject` and `Subject.with_settings` do.
    """

    @wraps(command)
    def called(
        subject: str, settings: tuple[str, ...], device: str, data: Path | None, logs: Path, as_json: bool, **own: Any
    ) -> int:
        from cockpit.engine.subject import find_subject

        found = find_subject(subject, logs, Path.cwd()).with_settings(settings_of(settings, "--set "), data)
        return command(Asked(found, device, logs, as_json), **own)

    for option in (
        json_option,
        logs_option,
        click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Data folder."),
        device_option(),
        click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Another setting of the trainer."),
        click.argument("subject", metavar="SEARCH|TRAINER|EXP/TRIAL"),
    ):
        called = option(called)
    return called
