"""The full page of an experiment, `report.md`, from facts alone: what its entry in the diary has no room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.diary.doubts import doubts
from cockpit.diary.events import events
from cockpit.diary.facts import Facts
from cockpit.diary.markdown import block, code, escaped, table
from cockpit.diary.page import change, heading, last_line, norms, stops
from cockpit.diary.trial_table import full_table
from cockpit.store.numbers import setting_text

_PRIVATE = ("folder", "process_started")  # where it ran on its machine is nobody else's matter

_FOOT = (
    "Made from the record beside it and replaced as a whole, so words of your own belong into the [diary](../diary.md)."
)


def report(facts: Facts) -> str:
    """The whole text of the page; it is all generated and replaced as a whole."""
    parts = [
        heading(facts, level="#"),
        change(facts),
        stops(facts),
        _trials(facts),
        events(facts, most=None),
        doubts(facts),
    ]
    parts += [_results(facts), norms(facts), _settings(facts), _files(facts), _environment(facts), last_line(facts)]
    text = "\n\n".join("\n".join(part) for part in map(list, parts) if part)
    return f"{text}\n\n{_FOOT}\n"


def _trials(facts: Facts) -> Iterator[str]:
    if facts.trials:
        yield "## Trials"
        yield ""
        yield from full_table(facts)


def _results(facts: Facts) -> Iterator[str]:
    if facts.results and facts.best is not None:
        yield f"## Results of {facts.best.id}"
        yield ""
        yield from block(facts.results)


def _settings(facts: Facts) -> Iterator[str]:
    """What the best trial was really built with, beside what it was asked for."""
    best = facts.best
    if best is None:
        return
    effective = dict(best.effective)
    yield f"## Settings of {best.id}"
    yield ""
    rows = [
        [code(name), _value(best.config, name), _value(effective, name)]
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
