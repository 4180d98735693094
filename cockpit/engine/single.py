"""One command as a search of one trial."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from cockpit.engine.machine import cores, gpu_ids
from cockpit.printed import PatternError, check_pattern
from cockpit.search.errors import Place, SearchError
from cockpit.search.metric import Metric, usual_goal
from cockpit.search.resources import Resources
from cockpit.search.space import Constant
from cockpit.search.space.parse import NAME
from cockpit.search.spec import Search
from cockpit.search.values import NUMBER, plain
from cockpit.search.yaml_text import scalar
from trainers.contract import InputError

_PLAIN_NAME = re.compile(r"[A-Za-z_][\w./@-]*")
_NEGATIVE = re.compile(r"-\.?\d")
_PLACES = ("step", "epoch", "phase", "key", "value")  # groups of a pattern that are no metric by themselves


def search_of_command(
    command: Sequence[str], name: str | None, metric: str | None, note: str | None, gpus: float | None
) -> Search:
    """The search whose only trial is this command, on the whole machine.

    `metric` is a name or a regular expression with named groups, the first of which is the metric. Raises `InputError`.
    """
    ranked, pattern = _metric(metric)
    return Search(
        name=name or _name(command),
        path=Path("run"),
        note=note or "",
        method="grid",
        sampler="grid",
        engine="local",
        space={option: Constant(value) for option, value in options_of(command).items()},
        command=tuple(command),
        metric=ranked,
        pattern=pattern,
        concurrent=1,
        resources=Resources(cpu=cores(), gpu=len(gpu_ids()) if gpus is None else gpus),
    )


def options_of(command: Sequence[str]) -> dict[str, Any]:
    """The options of a command line, `--lr 3e-4`, `--lr=3e-4`, `--fast` (true) and `lr=3e-4`, for the record."""
    found: dict[str, Any] = {}
    words = list(command[1:])
    for word, after in pairwise([*words, ""]):
        name, equals, text = word.lstrip("-+").partition("=")
        if not NAME.fullmatch(name):
            continue
        if equals:
            found[name] = _read(text)
        elif word.startswith("--"):
            found[name] = _read(after) if _is_value(after) else True
    return found


def _read(text: str) -> Any:
    """The value as a search file would read it; whatever could not stand in one remains text."""
    try:
        return plain(Place(Path("run")), scalar(text))
    except SearchError:
        return text


def _is_value(word: str) -> bool:
    return bool(word) and (not word.startswith("-") or bool(_NEGATIVE.match(word)) or bool(NUMBER.match(word)))


def _name(command: Sequence[str]) -> str:
    scripts = [word for word in command if word.endswith((".py", ".sh"))]
    return Path((scripts or command)[0]).stem


def _metric(text: str | None) -> tuple[Metric | None, str | None]:
    """What ranks the run, and the pattern that finds it."""
    if text is None:
        return None, None
    if _PLAIN_NAME.fullmatch(text):
        return Metric(text, usual_goal(text)), None
    try:
        check_pattern(text)
    except PatternError as error:
        raise InputError(f"--metric: {error}") from None
    names = [name for name in re.compile(text).groupindex if name not in _PLACES]
    return (Metric(names[0], usual_goal(names[0])) if names else None), text
