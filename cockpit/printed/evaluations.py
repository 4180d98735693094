"""Lines that tell the end of an evaluation: of COCO, Lightning, accelerate, TensorFlow, and of trials."""

from __future__ import annotations

import re

from cockpit.printed import coco, trial_lines
from cockpit.printed.names import phase_of, split_phase
from cockpit.printed.numbers import PLAIN as F
from cockpit.printed.numbers import count
from cockpit.printed.pairs import values_in
from cockpit.printed.reading import Reading

_TESTED = re.compile(  # a row of Lightning's table of test metrics
    rf"(?:│ {{1,80}})?((?:test|val)[_/][\w/@.-]{{1,80}}) {{2,80}}(?:│ {{1,80}})?({F})(?: {{0,80}}│)?$"
)
_SCORED = re.compile(r"epoch:? {0,4}(\d{1,9}): (\{'.{3,2000}\})$", re.IGNORECASE)  # accelerate's examples
_SAVED = re.compile(r"Saving dict for global step (\d{1,15}): (.{3,4000})$")  # TensorFlow's estimators
_TRANSLATED = re.compile(rf"Generate (\w{{1,40}}) with beam=\d{{1,4}}: BLEU4? = ({F})[, ]")  # fairseq
_PACE = re.compile(rf"Step (\d{{1,15}}) per-step time ({F})s$")  # of TensorFlow's object detection, above its losses


def read(text: str) -> Reading | None:
    """A line of one of these."""
    first = text[:1]
    if first == "A":
        return coco.read(text)
    if first in "[T":
        trial = trial_lines.read(text)
        return trial.reading if trial else None
    if first == "S":
        return _estimated(text)
    if first == "G":
        return _translated(text)
    if first in "eE":
        return _scored(text)
    found = _TESTED.match(text) if first in "│tv" else None
    return Reading(form="tested", values=((found[1], float(found[2])),)) if found else None


def _scored(text: str) -> Reading | None:
    """Scores of an epoch, without a loss that would be the training's, are an evaluation's."""
    found = _SCORED.match(text)
    values = values_in(found[2]) if found else ()
    if not found or not values or any("loss" in name or split_phase(name)[0] for name, _ in values):
        return None
    return Reading(form="scores", values=values, phase="valid", epoch=int(found[1]))


def _translated(text: str) -> Reading | None:
    found = _TRANSLATED.match(text)
    return Reading(form="translated", values=(("bleu", float(found[2])),), phase=phase_of(found[1])) if found else None


def _estimated(text: str) -> Reading | None:
    found = _SAVED.match(text)
    if found:
        return Reading(form="estimator", values=values_in(found[2]), phase="valid", step=count(found[1]))
    found = _PACE.match(text)
    return Reading(form="pace", values=(("step_time", float(found[2])),), step=int(found[1])) if found else None
