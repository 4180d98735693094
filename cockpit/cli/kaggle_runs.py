"""`cockpit kaggle logs`, `pull` and `cancel`: runs that are at Kaggle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cockpit.cli.kaggle import client
from cockpit.cli.options import json_option, print_json


@click.command()
@click.argument("kernel", metavar="OWNER/KERNEL")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run is over; reconnects as often as it takes.")
def logs(kernel: str, follow: bool) -> None:
    """Print what a kernel's newest session printed."""
    from cockpit.events.redaction import redacted
    from cockpit.events.text import safe_text
    from cockpit.kaggle.marked import Lines

    lines = Lines()
    with client() as asked:
        for event in asked.log(kernel) if follow else asked.log_so_far(kernel):
            for line in lines.feed(event):
                click.echo(redacted(safe_text(line)))
        for line in lines.last():
            click.echo(redacted(safe_text(line)))


@click.command()
@click.argument("kernel", metavar="OWNER/KERNEL")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="The folder; kaggle/KERNEL by default."
)
@json_option
def pull(kernel: str, out: Path | None, as_json: bool) -> int:
    """Fetch the files that a kernel's newest session put out.

    A file that wants to lie outside of the folder is left alone and told of. What was cut short is gone on with.
    """
    from cockpit.events.text import one_line
    from cockpit.kaggle.pulling import pull
    from cockpit.store.numbers import counted

    folder = out or Path("kaggle") / kernel.rpartition("/")[2]
    seen: set[str] = set()

    def tell(name: str, event: Any) -> None:
        if name not in seen:
            seen.add(name)
            click.echo(f"fetching {name}", err=True)

    with client() as asked:
        found = pull(asked, kernel, folder, tell)
    if as_json:
        parts = {"fetched": list(found.fetched), "kept": list(found.kept), "left": list(map(one_line, found.left))}
        print_json({"kernel": kernel, "folder": str(folder), **parts})
    else:
        kept = f", {counted(len(found.kept), 'file')} kept" if found.kept else ""
        click.echo(f"{folder}: {counted(len(found.fetched), 'file')} fetched{kept}")
        for name in found.left:
            click.echo(f"left alone, because it is no place in the folder: {one_line(name, 80)!r}")
    return 1 if found.left else 0


@click.command()
@click.argument("kernel", metavar="OWNER/KERNEL")
@click.option("--session", type=click.IntRange(min=1), help="The number of the session, where you know it.")
@json_option
def cancel(kernel: str, session: int | None, as_json: bool) -> int:
    """End a run at Kaggle, as far as that is possible.

    Kaggle ends a session by its number, and tells that number nobody but the run itself. Without one, the page of the
    kernel has the button; every run ends by itself at the time limit that it was pushed with.
    """
    from cockpit.kaggle.client import split_ref

    owner, name = split_ref(kernel)
    address = f"https://www.kaggle.com/code/{owner}/{name}"
    with client() as asked:
        state = asked.run(kernel).state
        if session and not state.is_over:
            asked.cancel_session(session)
            state = asked.run(kernel).state
    done = state.is_over or bool(session)
    if as_json:
        print_json({"kernel": kernel, "state": state.value, "asked": bool(session), "page": address})
    elif done:
        click.echo(f"{kernel}: {state.value}")
    else:
        click.echo(f"{kernel}: is {state.value}, and Kaggle lets nobody end it from here; its page can: {address}")
    return 0 if done else 1
