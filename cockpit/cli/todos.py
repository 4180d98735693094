"""`cockpit diary --todo`: what somebody meant to try, and what became of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import print_json, print_table

if TYPE_CHECKING:
    from cockpit.diary.todos import Todo


def show_todos(logs: Path, experiment: str | None, as_json: bool) -> int:
    """Print the items of the logs folder, or of one experiment: the open ones first."""
    from cockpit.diary.todo_list import todos
    from cockpit.diary.todos import DONE, FOLLOWED, OPEN
    from cockpit.store.folder import find_experiment

    only = find_experiment(logs, experiment).id if experiment else None
    found = [todo for todo in todos(logs) if only in (None, todo.words.name.partition("/")[0])]
    found.sort(key=lambda todo: (OPEN, FOLLOWED, DONE).index(todo.state))
    if as_json:
        print_json({"todos": [_document(todo) for todo in found]})
    elif found:
        print_table(
            ("date", "where", "state", "by", "what"), [_row(todo) for todo in found],
            left=("date", "where", "state", "by", "what"), last_folds=True,
        )  # fmt: skip
    else:
        click.echo("nothing is marked TODO; write `[TODO] …`, `TODO: …` or `- [ ] …` into the diary to find it here")
    return 0


def _row(todo: Todo) -> list[str]:
    words = todo.words
    where = f"{words.name} ({words.label})" if words.label else words.name
    by = ", ".join(f"{one.name} ({one.by})" for one in todo.followers)
    return [words.date, where, todo.state, by, todo.text]


def _document(todo: Todo) -> dict[str, Any]:
    experiment, _, trial = todo.words.name.partition("/")
    return {
        "text": todo.text,
        "state": todo.state,
        "experiment": experiment,
        "trial": trial,
        "label": todo.words.label,
        "date": todo.words.date,
        "followed_up_by": [asdict(one) for one in todo.followers],
    }
