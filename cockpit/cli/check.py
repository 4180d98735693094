"""`cockpit check`: does a score hold when nothing but the way of looking changes?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import device_option, json_option, logs_option, print_facts, print_json

if TYPE_CHECKING:
    from cockpit.checks.finding import Finding
    from cockpit.store.folder import RunFolder


@click.command()
@click.argument("name", metavar="EXP|TRIAL")
@device_option()
@logs_option
@json_option
def check(name: str, device: str, logs: Path, as_json: bool) -> int:
    """Check whether scores are what they seem, and exit with 1 where one may not be.

    The model of TRIAL, or of the best trial of EXP, is evaluated once more: as recorded, with its rows in another
    order, one by one, and without labels. A model that cheats says something else then. The groups that it was trained
    and validated on are compared. Of the record it is checked whether trials with different settings were the same, or
    end the same to all digits, and whether they beat answers that take no model.

    What is found stands in the diary too.
    """
    from cockpit.checks.finding import any_bad
    from cockpit.diary.book import write_entry
    from cockpit.engine.recheck import refuse_device
    from cockpit.store.folder import find_experiment, find_trial

    run, trial = find_trial(logs, name) if "/" in name else (find_experiment(logs, name), None)
    looked = trial or best_of(run)
    if looked is not None:
        refuse_device(run, looked, device)
    recorded = _of_the_record(run, trial)
    again = [] if looked is None else look_again(run, looked, device)
    if again:
        write_entry(logs, run)
    if as_json:
        print_json(
            {
                "experiment": run.id,
                "trial": looked,
                "ok": not any_bad([*again, *recorded]),
                "findings": [one._asdict() for one in [*again, *recorded]],
            }
        )
    else:
        _tell(run, looked, again, recorded)
    return 1 if any_bad([*again, *recorded]) else 0


def look_again(run: RunFolder, trial: str, device: str) -> list[Finding]:
    """A second look at the model of a trial, kept with the experiment."""
    from cockpit.checks.kept import keep
    from cockpit.engine.recheck import recheck

    found = recheck(run, trial, device)
    return keep(run, trial, found).findings


def best_of(run: RunFolder) -> str | None:
    """The trial with the best score, if any has one."""
    from cockpit.store.ranking import best_trial
    from cockpit.store.reader import Index

    with Index(run) as index:
        best = best_trial(index.trials(), index.sweep().goal)
    return None if best is None else best.id


def _of_the_record(run: RunFolder, trial: str | None) -> list[Finding]:
    """What the record tells of all trials, or of this one."""
    from cockpit.checks.evidence import evidence_of
    from cockpit.checks.registry import check_record
    from cockpit.store.reader import Index

    with Index(run) as index:
        found = check_record(evidence_of(index, index.sweep(), index.trials()))
    return [one for one in found if trial is None or trial in one.trials]


def _tell(run: RunFolder, trial: str | None, again: Sequence[Finding], recorded: Sequence[Finding]) -> None:
    if trial is None:
        click.echo(f"{run.id}: no trial was evaluated, so there is no model to look at again")
    else:
        click.echo(f"{run.id}/{trial}")
        _print(again)
    if recorded:
        click.echo(run.id)
        _print(recorded)


def _print(findings: Sequence[Finding]) -> None:
    from cockpit.checks.finding import GLYPHS

    seen: dict[str, int] = {}
    facts = {}
    for one in findings:
        seen[one.check] = seen.get(one.check, 0) + 1
        label = one.check if seen[one.check] == 1 else f"{one.check} {seen[one.check]}"
        facts[f"  {GLYPHS[one.level]:2} {label}"] = one.text
    print_facts(facts)
