"""The full page of an experiment, as the diary keeps it beside the record; of one trial, the page about that trial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cockpit.diary.facts import gather
from cockpit.diary.report import report
from cockpit.events.redaction import redacted
from cockpit.export.contract import Format
from cockpit.export.record import Record


def _text(record: Record) -> Iterator[str]:
    facts = replace(gather(record.run.path.parent, record.run), pictures=())  # which lie beside the report
    if record.trial:
        (trial,) = record.trials
        is_best = facts.best is not None and facts.best.id == trial.id
        facts = replace(
            facts,
            trials=[trial],
            best=trial,
            results=facts.results if is_best else [],
            norms=record.index.norm_summary(trial.id),
            saved=record.index.saved(trial.id),
            findings=[finding for finding in facts.findings if finding.trials == (trial.id,)],
            looks=[look for look in facts.looks if look.trial == trial.id],
        )
    page, _, _ = report(facts).rpartition("\n\n")  # its last words are about the files beside it
    yield f"{redacted(page)}\n"


FORMAT = Format(name="md", summary="the report page, as Markdown", endings=(".md",), text=_text)
