"""The full page of an experiment, `report.md`, from facts alone: what its entry in the diary has no room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from cockpit.diary.doubts import doubts
from cockpit.diary.effort import commands, cost_text, took_text
from cockpit.diary.events import events
from cockpit.diary.facts import Facts
from cockpit.diary.markdown import block, code, code_cell, escaped, table
from cockpit.diary.page import change, heading, stops
from cockpit.diary.trial_table import full_table
from cockpit.diary.verdicts import confirmation
from cockpit.store.numbers import duration_text, metric_text, setting_text

_PRIVATE = ("folder", "process_started")  # where it ran on its machine is nobody else's matter

_FOOT = (
    "Made from the record beside it and replaced as a whole, so words of your own belong into the [diary](../diary.md)."
)


def report(facts: Facts) -> str:
    """The whole text of the page; it is all generated and replaced as a whole."""
    parts = [heading(facts, level="#"), change(facts, whole=True), stops(facts), confirmation(facts), doubts(facts)]
    parts += [events(facts, most=None), _trials(facts), _pictures(facts), _results(facts), _norms(facts)]
    parts += [_settings(facts), _files(facts), _effort(facts), _environment(facts), _again(facts)]
    text = "\n\n".join("\n".join(part) for part in map(list, parts) if part)
    return f"{text}\n\n{_FOOT}\n"


def _trials(facts: Facts) -> Iterator[str]:
    if facts.trials:
        yield "## Trials"
        yield ""
        yield from full_table(facts)


def _pictures(facts: Facts) -> Iterator[str]:
    told = ", ".join(f"{escaped(name)} {share:.2f}" for name, share in facts.importance.items())
    if facts.pictures or told:
        yield "## Pictures"
    if told:
        yield ""
        yield f"Importance of parameters: {told}"
    for name in facts.pictures:
        yield ""
        yield f"![{PurePath(name).stem}]({name})"


def _results(facts: Facts) -> Iterator[str]:
    if facts.results and facts.best is not None:
        yield f"## Results of {facts.best.id}"
        yield ""
        yield from block(facts.results)


def _norms(facts: Facts) -> Iterator[str]:
    """Norms of the best trial, a row for each parameter group."""
    if not facts.norms or facts.best is None:
        return
    yield f"## Norms of {facts.best.id}"
    yield ""
    headings = ["group", "parameters", "gradients", "largest", "not finite", "update/parameter"]
    rows = [
        [
            escaped(norm.group),
            metric_text(norm.param_mean),
            metric_text(norm.grad_mean),
            metric_text(norm.grad_max),
            str(norm.nonfinite),
            metric_text(norm.update_ratio),
        ]
        for norm in facts.norms
    ]
    yield from table(headings, rows, words=("group",))


def _effort(facts: Facts) -> Iterator[str]:
    """What it took in time and money, and on what."""
    known = [trial.seconds for trial in facts.trials if trial.seconds is not None]
    took = [("from beginning to end", took_text(facts)), ("trials, all together", duration_text(sum(known)))]
    if not took_text(facts) and not known:
        return
    yield "## Time"
    yield ""
    devices = sorted({trial.device for trial in facts.trials if trial.has_device})
    rows = [[what, text] for what, text in took if text]
    rows += [["devices", escaped(", ".join(devices))]] if devices else []
    rows += [["cost", cost_text(facts).removeprefix("cost ")]] if cost_text(facts) else []
    yield from table(["what", "how much"], rows, words=("what", "how much"))


def _again(facts: Facts) -> Iterator[str]:
    known = commands(facts)
    if known:
        yield "## Again"
        yield ""
        yield from block(known)


def _settings(facts: Facts) -> Iterator[str]:
    """What the best trial was really built with, beside what it was asked for."""
    best = facts.best
    if best is None:
        return
    effective = dict(best.effective)
    yield f"## Settings of {best.id}"
    yield ""
    rows = [
        [code_cell(name), _value(best.config, name), _value(effective, name)]
        for name in dict.fromkeys([*facts.sweep.varied, *best.config, *effective])
    ]
    yield from table(["setting", "asked for", "built"], rows, words=("setting",))
    if best.digest:
        yield ""
        yield f"seed {best.seed} · digest {escaped(best.digest)}"


def _value(settings: Mapping[str, Any], name: str) -> str:
    return escaped(setting_text(settings[name])) if name in settings else ""


def _files(facts: Facts) -> Iterator[str]:
    if facts.saved and facts.best is not None:
        yield f"## Files of {facts.best.id}"
        yield ""
        folder = f"trials/{facts.best.id}"
        yield from (f"- {escaped(label)}: {code(f'{folder}/{path}')}" for label, path in facts.saved.items())


def _environment(facts: Facts) -> Iterator[str]:
    known = {name: value for name, value in facts.sweep.environment.items() if name not in _PRIVATE and value}
    if not known:
        return
    yield "## Environment"
    yield ""
    versions = known.pop("versions", None) or {}
    rows = [[escaped(name), escaped(setting_text(value))] for name, value in [*known.items(), *versions.items()]]
    yield from table(["what", "which"], rows, words=("what", "which"))
