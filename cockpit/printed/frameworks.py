"""Lines of timm, torchvision, mmdetection, CatBoost, flax and Kaldi, whose counters stand where others have none.

A state of an evaluation, `Test: [ 10/48] …`, says something at its end only, and then its averages, which stand in
parentheses behind the values of the last batch.
"""

from __future__ import annotations

import re

from cockpit.printed import kaldi
from cockpit.printed.names import Wanted, phase_of, split_phase, strength
from cockpit.printed.numbers import PLAIN as F
from cockpit.printed.numbers import count
from cockpit.printed.pairs import values_in
from cockpit.printed.reading import Reading, Values

_COUNT = r"\s{0,8}(\d{1,15})"
_BATCHES = re.compile(
    rf"(Train|Test|Val|Valid|Validation|Eval): {{0,4}}(?:(\d{{1,9}}) )?"
    rf"\[{_COUNT}/(\d{{1,15}})(?: \([^()]{{1,9}}\))?\]:?\s{{1,4}}(.+)$",
    re.IGNORECASE,
)
_EPOCH = re.compile(
    rf"Epoch(?:\((train|val|test)\))?:? {{0,4}}\[{_COUNT}\](?:\[{_COUNT}(?:/{_COUNT})?\])\s{{1,4}}(.+)$", re.IGNORECASE
)
_ITERATIONS = re.compile(rf"Iter\((train|val|test)\) {{0,4}}\[{_COUNT}/(\d{{1,15}})\]\s{{1,4}}(.+)$")
_BOOSTED = re.compile(rf"(\d{{1,9}}):\s{{1,4}}learn: ({F})(?:\s{{1,4}}test\d?: ({F}))?\s")
_ACCURACIES = re.compile(
    rf"(?:\*|Test:) {{1,8}}(?:Acc@\d {{1,8}}{F}(?: \({F}\))?\s{{0,4}})+(?:loss {{1,8}}{F})?$", re.IGNORECASE
)
_ACCURACY = re.compile(rf"(Acc@\d|loss) {{1,8}}({F})", re.IGNORECASE)
_WRITTEN = re.compile(rf"\[(\d{{1,15}})\] (\w[\w/]{{0,79}}={F}(?:, \w[\w/]{{0,79}}={F}){{0,63}})$")
_AVERAGE = re.compile(rf"({F}) {{0,4}}\( {{0,8}}({F})\)")
_UNSIGNED = re.compile(rf"(^|\t|  )([A-Za-z][\w@/]{{0,30}}) {{1,8}}({F})(?=\s|$)")
_NO_VALUES = ("eta", "v_num")


def read(text: str, wanted: Wanted) -> Reading | None:
    """A line of one of these."""
    first = text[:1]
    if first in "TtVvEe":
        found = _BATCHES.match(text)
        if found:
            return _batch(found, wanted)
        found = _EPOCH.match(text)
        if found:
            return _epoch(found, wanted)
    elif first == "L":
        return kaldi.read(text)
    elif first == "I" and (found := _ITERATIONS.match(text)):
        return _iteration(found, wanted)
    elif first == "[" and (found := _WRITTEN.match(text)):
        return _written(found)
    elif first.isdigit() and (found := _BOOSTED.match(text)):
        return _boosted(found)
    if first in "*T" and _ACCURACIES.match(text):
        values = tuple((name.lower(), float(value)) for name, value in _ACCURACY.findall(text))
        return Reading(form="accuracies", values=values, phase="test")
    return None


def _batch(found: re.Match[str], wanted: Wanted) -> Reading | None:
    phase = phase_of(found[1])
    step, total = int(found[3]), int(found[4])
    if phase == "train":
        values = _values(found[5])
        return _training(values, found[2], step, total, wanted)
    if step < total - 1:
        return Reading(form="evaluation_state", phase=phase)
    return Reading(form="evaluation_state", values=_values(_AVERAGE.sub(r"\2", found[5])), phase=phase)


def _training(values: Values, epoch: str | None, step: int, total: int | None, wanted: Wanted) -> Reading | None:
    if not any(strength(name) or wanted.is_named(name) for name, _ in values):
        return None
    return Reading(
        form="batch", values=values, phase="train", step=step, total=total, epoch=count(epoch) if epoch else None
    )


def _epoch(found: re.Match[str], wanted: Wanted) -> Reading | None:
    phase = phase_of(found[1]) if found[1] else "train"
    values, epoch = _values(found[5]), int(found[2])
    if phase == "train":
        step, total = int(found[3]), count(found[4]) if found[4] else None
        return _training(values, found[2], step, total, wanted)
    scores = tuple((name, value) for name, value in values if name not in ("time", "data_time", "memory"))
    return Reading(form="batch", values=scores, phase=phase, epoch=epoch)


def _iteration(found: re.Match[str], wanted: Wanted) -> Reading | None:
    phase, step, total = phase_of(found[1]), int(found[2]), int(found[3])
    values = _values(found[4])
    if phase == "train":
        return _training(values, None, step, total, wanted)
    scores = tuple((name, value) for name, value in values if name not in ("time", "data_time", "memory"))
    return Reading(form="batch", values=scores if step >= total else (), phase=phase)


def _written(found: re.Match[str]) -> Reading:
    pairs = (pair.partition("=") for pair in found[2].split(", "))
    values = tuple((name.lower(), float(value)) for name, _, value in pairs)
    return Reading(form="batch", values=values, step=int(found[1]))


def _boosted(found: re.Match[str]) -> Reading:
    names = ("train_loss", "valid_loss")
    values = tuple((name, float(text)) for name, text in zip(names, (found[2], found[3]), strict=True) if text)
    return Reading(form="boosted", values=values, step=int(found[1]))


def _values(text: str) -> Values:
    """The pairs of the rest of such a line; `Loss 7.01 (6.99)` has no sign."""
    signed = _UNSIGNED.sub(r"\1\2: \3", _AVERAGE.sub(r"\1", text))
    return tuple((name, value) for name, value in values_in(signed) if name not in _NO_VALUES and split_phase(name)[1])
