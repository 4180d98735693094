"""`cockpit kaggle`: the group, and what only looks: quota, status, scores, leaderboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.lazy import LazyGroup
from cockpit.cli.options import json_option, logs_option, print_facts, print_json, print_table
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.kaggle.answers import Accelerator, Leader
    from cockpit.kaggle.client import Client
    from cockpit.kaggle.intents import Intent
    from cockpit.kaggle.scoring import Scored

HOMES = {
    "quota": ("cockpit.cli.kaggle:quota", "Show what is left of this week's GPU and TPU hours."),
    "status": ("cockpit.cli.kaggle:status", "Show what waits for Kaggle, or how a run does."),
    "prepare": ("cockpit.cli.kaggle_data:prepare", "Fetch and unpack a competition's data."),
    "push": ("cockpit.cli.kaggle_push:push", "Run a search, a trial or a prediction at Kaggle."),
    "follow": ("cockpit.cli.kaggle_follow:follow", "Follow a pushed run as an experiment here."),
    "logs": ("cockpit.cli.kaggle_runs:logs", "Print what a run printed, also while it runs."),
    "pull": ("cockpit.cli.kaggle_runs:pull", "Fetch what a run put out."),
    "cancel": ("cockpit.cli.kaggle_runs:cancel", "End a run, as far as Kaggle lets one."),
    "dataset": ("cockpit.cli.kaggle_data:dataset", "Put a trial's checkpoint up as a private dataset."),
    "submit": ("cockpit.cli.kaggle_submit:submit", "Submit to a competition, and wait for the score."),
    "scores": ("cockpit.cli.kaggle:scores", "Fetch the scores of all submissions."),
    "leaderboard": ("cockpit.cli.kaggle:leaderboard", "Show a leaderboard, and where a score stands on it."),
}
MOST_PLACES = 5000  # of a leaderboard, to look a place up


@click.group(cls=LazyGroup, homes=HOMES)
@click.pass_context
def kaggle(ctx: click.Context) -> None:
    """Data, datasets, submissions and scores at Kaggle, through the official client.

    Whoever is logged in there is logged in here: `kaggle auth login`, a token in ~/.kaggle or $KAGGLE_API_TOKEN.
    Nothing of it is kept, shown or logged.
    """
    hand_down_options(ctx)


def hand_down_options(ctx: click.Context) -> None:
    """What was said before the name of a group counts for the commands in it."""
    ctx.default_map = {str(ctx.invoked_subcommand): dict(ctx.default_map or {})}


def client() -> Client:
    """Kaggle's client, which begins when it is first asked."""
    from cockpit.kaggle.client import Client

    return Client()


def fetching() -> Callable[[str, Any], None]:
    """Names each file once, when it begins to come."""
    seen: set[str] = set()

    def tell(name: str, event: Any) -> None:
        if name not in seen:
            seen.add(name)
            click.echo(f"fetching {one_line(name, 80)}", err=True)

    return tell


@click.command()
@json_option
def quota(as_json: bool) -> None:
    """Show the hours of accelerators of this week: used, left, and when they begin anew."""
    from cockpit.store.numbers import utc_text

    with client() as asked:
        found = asked.quota()
    parts = {"gpu": found.gpu, "tpu": found.tpu}
    if as_json:
        document: dict[str, Any] = {
            name: {"used_hours": one.used / 3600, "left_hours": None if one.left is None else one.left / 3600}
            for name, one in parts.items()
        }
        print_json({**document, "resets": utc_text(found.resets)})
        return
    rows = [_quota_row(name.upper(), one) for name, one in parts.items()]
    print_table(["", "used", "left", "allowed"], rows, left=("",))
    print_facts({"resets": utc_text(found.resets) or "not told"})


def _quota_row(name: str, found: Accelerator) -> list[str]:
    return [name, _hours(found.used), _hours(found.left), _hours(found.allowed)]


def _hours(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds / 3600:.1f} h"


@click.command()
@click.argument("name", metavar="[EXP|OWNER/KERNEL]", required=False)
@logs_option
@json_option
def status(name: str | None, logs: Path, as_json: bool) -> None:
    """Show who is logged in and what of this logs folder Kaggle has not answered or scored yet.

    With the name of an experiment or of a kernel, show how its newest session does. A state that is not known here is
    called unknown: it is no failure.
    """
    if name:
        _run_status(logs, name, as_json)
        return
    from cockpit.kaggle.intents import DONE, Ledger

    with client() as asked:
        user = asked.user
    known = list(Ledger(logs).intents().values())
    open_ones = [one for one in known if one.phase != DONE]
    if as_json:
        waiting = [_intent_document(one) for one in open_ones]
        print_json({"user": user, "done": len(known) - len(open_ones), "open": waiting})
        return
    print_facts({"logged in as": user, "sent from here": str(len(known) - len(open_ones))})
    for one in open_ones:
        click.echo(f"{one.kind} to {one.subject}: {one.phase}{_why(one)}; the same command again settles it")


def _run_status(logs: Path, name: str, as_json: bool) -> None:
    from cockpit.kaggle.intents import Ledger
    from cockpit.kaggle.pushing import kernel_of, push_of
    from cockpit.kaggle.receipts import mismatch

    kernel = kernel_of(logs, name)
    made = push_of(Ledger(logs), kernel)
    receipt = (made.result.get("receipt") if made else None) or {}
    with client() as asked:
        run = asked.run(kernel)
    wrong = mismatch(receipt)
    if as_json:
        told = {"kernel": kernel, "state": run.state.value, "word": run.word, "failure": run.failure}
        print_json({**told, "receipt": receipt or None, "mismatch": wrong})
        return
    got = f"{receipt.get('count')} × {receipt.get('device')}" if receipt else ""
    print_facts({"kernel": kernel, "state": run.state.value, "failure": run.failure, "runs on": got})
    if wrong:
        stop = "" if run.state.is_over else f": stop it? `cockpit kaggle cancel {name}`"
        click.echo(f"{wrong}{stop}")


def _intent_document(made: Intent) -> dict[str, Any]:
    return {"kind": made.kind, "subject": made.subject, "phase": made.phase, **made.facts, **made.result}


def _why(made: Intent) -> str:
    why = made.result.get("why")
    return f" ({why})" if why and made.phase == "refused" else ""


@click.command()
@click.argument("experiment", metavar="[EXP]", required=False)
@logs_option
@json_option
def scores(experiment: str | None, logs: Path, as_json: bool) -> None:
    """Fetch the scores of all submissions of this logs folder, or of those of one experiment.

    Scores that are new go to their experiment and into its entry in the diary.
    """
    from cockpit.cli.pictures import draw_gap
    from cockpit.kaggle.intents import Ledger
    from cockpit.kaggle.scoring import refresh, submitted
    from cockpit.store.folder import find_experiment

    made = submitted(Ledger(logs))
    if experiment:
        wanted = find_experiment(logs, experiment).id
        made = [one for one in made if one.facts.get("experiment") == wanted]
    found: list[Scored] = []
    if made:
        with client() as asked:
            found = refresh(asked, logs, made)
    if any(one.recorded for one in found):
        draw_gap(logs)
    if as_json:
        print_json([scored_document(one) for one in found])
    elif not found:
        click.echo("nothing was submitted from here; `cockpit kaggle submit EXP -c COMPETITION` does")
    else:
        headings = ["experiment", "competition", "submission", "state", "public", "private", "new"]
        print_table(headings, [_scored_row(one) for one in found], left=("experiment", "competition", "state"))


def scored_document(found: Scored) -> dict[str, Any]:
    """A submission and its scores as JSON values."""
    listed = found.listed
    return {
        "experiment": found.experiment,
        "trial": found.trial or None,
        "competition": found.intent.subject,
        "ref": listed.ref if listed else found.intent.result.get("ref"),
        "state": listed.state.value if listed else "not listed",
        "public": listed.public if listed else None,
        "private": listed.private if listed else None,
        "error": listed.error if listed else "",
        "recorded": list(found.recorded),
    }


def _scored_row(found: Scored) -> list[str]:
    said = scored_document(found)
    return [
        "/".join(filter(None, [found.experiment, found.trial])),
        said["competition"],
        str(said["ref"] or "?"),
        f"{said['state']}{': ' if said['error'] else ''}{said['error']}",
        score_cell(said["public"]),
        score_cell(said["private"]),
        ", ".join(map(score_cell, said["recorded"])),
    ]


def score_cell(value: float | None) -> str:
    from cockpit.store.scores import score_text

    return "" if value is None else score_text(value)


@click.command()
@click.argument("competition")
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="So many places.")
@click.option("--of", "experiment", metavar="EXP", help="Find the place of this experiment's score.")
@logs_option
@json_option
def leaderboard(competition: str, top: int, experiment: str | None, logs: Path, as_json: bool) -> None:
    """Show the first places of a leaderboard, and which place the score of an experiment has there."""
    from cockpit.kaggle.leaderboard import place_of
    from cockpit.store.folder import FolderError, find_experiment
    from cockpit.store.scores import newest
    from cockpit.store.scores import scores as known_scores

    score = None
    if experiment:
        run = find_experiment(logs, experiment)
        score = newest(known_scores(run), private=False)
        if score is None:
            raise FolderError(f"{run.id}: has no score of a leaderboard; `cockpit kaggle scores` fetches them")
    with client() as asked:
        leaders = asked.leaderboard(competition, MOST_PLACES if experiment else top)
    place = place_of(score, leaders) if score is not None else None
    if as_json:
        shown = [_leader(one) for one in leaders[:top]]
        print_json({"competition": competition, "leaders": shown, "score": score, "place": place})
        return
    rows = [[str(one.place), one.team, one.score_text] for one in leaders[:top]]
    print_table(["place", "team", "score"], rows, left=("team",))
    if score is not None:
        more = "" if len(leaders) < MOST_PLACES else " that were looked at"
        click.echo(f"{experiment}: {score_cell(score)} would be place {place} among {len(leaders)}{more}")


def _leader(found: Leader) -> dict[str, Any]:
    return {"place": found.place, "team": found.team, "score": found.score}
