"""`cockpit note` and `cockpit score`: the user's words and the leaderboard's numbers, into the diary."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.cli.options import logs_option

# So that `- tried by hand` and `-0.5` are taken for what they are. `-h` would be found inside such words.
AS_TYPED = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


@click.command(context_settings=AS_TYPED)
@click.argument("experiment", metavar="EXP")
@click.argument("text")
@logs_option
def note(experiment: str, text: str, logs: Path) -> None:
    """Write a paragraph into the diary, below the entry of EXP and what you wrote there before.

    One that begins with ✅, ❌ or ➖ is your own verdict where it comes first.
    """
    from cockpit.diary.book import has_entry, write_entry
    from cockpit.diary.notes import append_note
    from cockpit.events.redaction import secrets_in
    from cockpit.store.folder import find_experiment

    run = find_experiment(logs, experiment)
    if not has_entry(logs, run):
        write_entry(logs, run)
    left_out = ", ".join(secrets_in(text))
    more = f"; a secret was left out ({left_out})" if left_out else ""
    click.echo(f"{run.id}: noted in {append_note(logs, run, text)}{more}")


@click.command(context_settings=AS_TYPED)
@click.argument("experiment", metavar="EXP")
@click.argument("value", type=float)
@click.option("--private", is_flag=True, help="It is a score of the private leaderboard.")
@logs_option
def score(experiment: str, value: float, private: bool, logs: Path) -> None:
    """Record a score of the leaderboard, and write it into the diary's entry of EXP."""
    from cockpit.cli.pictures import draw_gap
    from cockpit.diary.book import write_entry
    from cockpit.store.folder import find_experiment
    from cockpit.store.scores import score_text
    from cockpit.store.summary import add_score

    run = find_experiment(logs, experiment)
    add_score(run, value, private)
    name = "private LB" if private else "LB"
    click.echo(f"{run.id}: {name} {score_text(value)} in {write_entry(logs, run)}")
    draw_gap(logs)
