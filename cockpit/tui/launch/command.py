"""The `cockpit sweep` that a draft stands for: its name with flags, or the changed search as a file of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cockpit.events.text import one_line
from cockpit.search.sampling import baseline_point
from cockpit.search.space.base import is_number
from cockpit.search.spec import Search
from cockpit.search.values import identity
from cockpit.search.yaml_text import scalar
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.options import BUDGET, BY_NAME, DATA, DEVICE, EPOCHS, OF_THE_RUN, QUEUE
from cockpit.tui.launch.parameter import Parameter
from cockpit.tui.launch.value_text import number_text, value_text

FOLDER = ".drafts"  # in the logs folder
OF_FINDER = ("--set", BY_NAME[DEVICE].flag, BY_NAME[DATA].flag)  # what `cockpit find-lr` takes as well


@dataclass(frozen=True)
class Command:
    """`call` is a search that can be found; where it is empty, `document` has the search itself."""

    call: str
    document: str
    slug: str
    flags: tuple[str, ...]

    def arguments(self, path: Path) -> list[str]:
        """What follows `cockpit sweep`; the document, if there is one, is written to `path`. Raises `OSError`."""
        if self.call:
            return [self.call, *self.flags]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.document, encoding="utf-8")
        return [str(path), *self.flags]

    def finder_arguments(self, path: Path) -> list[str]:
        """What follows `cockpit find-lr` for the same search. Raises `OSError`."""
        words = self.arguments(path)
        return [words[0], *(word for pair in pairwise(words[1:]) if pair[0] in OF_FINDER for word in pair)]

    def kept_path(self, logs: Path, now: datetime) -> Path:
        """A file for the document that is not there yet, so that the command can be given again later."""
        stem = f"{self.slug}-{now:%Y%m%d-%H%M%S}"
        names = [stem, *(f"{stem}-{number}" for number in range(2, 100))]
        paths = [logs / FOLDER / f"{name}.yaml" for name in names]
        return next((path for path in paths if not path.exists()), paths[-1])


def command_of(draft: Draft) -> Command:
    """The command that starts a draft. Raises `SearchError`."""
    wanted = draft.search()
    run_flags = _flags(draft, wanted, OF_THE_RUN)
    by_set = {row.name for row in draft.parameters if row.is_fixed and _is_changed(draft, row)}
    if is_number(wanted.fixed.get(EPOCHS)):
        by_set.discard(EPOCHS)  # it has a flag of its own
    others = (*OF_THE_RUN, *by_set)
    options = tuple(name for name in draft.changed_options if name not in others)
    fixed = {name: value for name, value in wanted.fixed.items() if name in by_set}
    if _says_the_same(draft, options, fixed, wanted):
        settings = [word for name, value in fixed.items() for word in ("--set", f"{name}={value_text(value)}")]
        return Command(draft.call, "", wanted.slug, (*_flags(draft, wanted, options), *settings, *run_flags))
    return Command("", _document(draft, wanted), wanted.slug, run_flags)


def _is_changed(draft: Draft, row: Parameter) -> bool:
    return any(draft.is_cell_changed(row.name, key) for key in row.cells)


def _says_the_same(draft: Draft, options: tuple[str, ...], fixed: dict[str, object], wanted: Search) -> bool:
    """Whether the search's name with flags means what the draft means."""
    if any(identity(scalar(value_text(value))) != identity(value) for value in fixed.values()):
        return False
    found = draft.original.with_overrides(
        settings=fixed,
        trials=wanted.run_cap,
        epochs=wanted.fixed.get(EPOCHS) if EPOCHS in options else None,
        engine=wanted.engine,
        concurrent=wanted.concurrent,
        cpus=wanted.resources.cpu,
        gpus=wanted.resources.gpu,
        seed=wanted.seed,
        note=wanted.note,
    )
    # A fixed value may stand in the baseline as well, or not: it means the same.
    same_baseline = bool(found.baseline) == bool(wanted.baseline) and baseline_point(found) == baseline_point(wanted)
    return same_baseline and _without_baseline(found) == _without_baseline(wanted)


def _without_baseline(search: Search) -> dict[str, object]:
    return {key: value for key, value in search.to_mapping().items() if key != "baseline"}


def _flags(draft: Draft, wanted: Search, names: tuple[str, ...]) -> tuple[str, ...]:
    """The flags of these fields, as far as they are changed."""
    texts = {
        "trials": str(wanted.run_cap),
        EPOCHS: value_text(wanted.fixed.get(EPOCHS)),
        "concurrent": str(wanted.concurrent),
        "engine": wanted.engine,
        DEVICE: draft.option(DEVICE),
        "seed": str(wanted.seed),
        "cpus": number_text(wanted.resources.cpu),
        "gpus": number_text(wanted.resources.gpu),
        # No shell stands between this field and the program. `Path.expanduser` would not take `~somebody`.
        DATA: os.path.expanduser(draft.option(DATA).strip()),  # noqa: PTH111
        BUDGET: draft.option(BUDGET).strip(),
        "note": wanted.note,
    }
    changed = [name for name in names if draft.is_option_changed(name)]
    # To queue is a flag without a value.
    return tuple(word for name in changed for word in (BY_NAME[name].flag, *([] if name == QUEUE else [texts[name]])))


def _document(draft: Draft, wanted: Search) -> str:
    """The changed search as a file that says where it came from."""
    question = one_line(wanted.note)
    head = [f"# Question: {question}"] if question else []
    head.append(f"# {wanted.name} as it was changed before its start; it was read from {one_line(draft.call)}")
    return "\n".join([*head, wanted.to_yaml()])
