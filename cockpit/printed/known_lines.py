"""Lines of the sentence model, of fastai and Shopee notebooks and of our own trainers' checkpoints."""

from __future__ import annotations

import re
from collections.abc import Callable

from cockpit.events.kinds import Event, Note, Saved
from cockpit.printed.numbers import PLAIN as F
from cockpit.printed.numbers import count
from cockpit.printed.reading import Reading
from cockpit.printed.timeline import Timeline

_STAMP = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"

_SENTENCE = re.compile(rf"Epoch (\d{{1,15}}) Step: (\d{{1,15}}) Loss: ({F}) Tokens per Sec: ({F})$")
_ITERATION = re.compile(rf"itr: (\d{{1,15}}), num_batch: \d+, last loss: ({F}), smooth_loss: ({F})$")
_BACKWARD = re.compile(rf"on_backward_begin lr: ({F})$")
_AVERAGE = re.compile(
    rf"loss_avg: ({F}), lr_pg0:\s*({F}), lr_pg1:\s*({F}),?\s*final_score:\s*({F}), mc_score:\s*({F})$"
)
_THRESHOLD = re.compile(rf"th=({F}) , score=({F})$")
_CROSS_VALIDATION = re.compile(rf"CV: ({F})$")
_BEST_THRESHOLD = re.compile(rf"THRESHOLD: ({F})$")
_MATCHING = re.compile(
    rf"(?:model=\S{{1,200}}|<<<\S{{1,200}}>>>:) \[f1\] ({F}), \[precision\] ({F}), \[recall\] ({F})$"
)
_VALIDATED = re.compile(  # of fastai: `Loss and accuracy using (cls_best): [0.3979, tensor(0.8723)]`
    rf"([A-Z]\w{{1,30}}) and (\w{{1,30}}) using \([^()]{{1,60}}\): \[(?:tensor\()?({F})\)?, (?:tensor\()?({F})\)?\]$"
)
_NEW_BEST = re.compile(rf"New best (\w{{1,40}})[!:] {{1,4}}({F})$")  # of pytorch-metric-learning
_RATE = re.compile(rf"LR: ({F})$")
_SAVED_FILES = re.compile(rf"(?:(?:{_STAMP}\s{{1,4}})?- )?Saved model to files: (\S+)(?: (\S+))?$")
_SAVED = re.compile(r"Saved ([A-Za-z][\w.-]{0,60}): (\S.*)$")
_NOTES = re.compile(
    rf"(?:(?:{_STAMP}\s{{1,4}})?- )?(?:Loaded model from files: \S.*|Writing to: \S+"
    rf"|best model found for epoch \d+, {F} -> {F}|{F} is not improved from {F} epoch \d+ / \d+"
    rf"|Better model found at epoch \d+ with \w+ value: {F}\.?"  # fastai
    r"|finish training[.(].*|Kernel version \d+ successfully.*)$"
)
_MAY_START = frozenset("BEiolftCTmbN<LSWK0123456789+-.")
_JUST_TIME = re.compile(rf"\s*{_STAMP}\s*$")


def _sentence(found: re.Match[str]) -> Reading:
    values = (("loss", float(found[3])), ("tokens_per_sec", float(found[4])))
    return Reading(
        form="sentence", values=values, phase="train", kind="step", epoch=count(found[1]), step=count(found[2])
    )


def _iteration(found: re.Match[str]) -> Reading:
    values = (("loss", float(found[2])), ("smooth_loss", float(found[3])))
    return Reading(form="iteration", values=values, phase="train", kind="step", step=count(found[1]))


def _step_of(*names: str) -> Callable[[re.Match[str]], Reading]:
    return lambda found: Reading(form="step_values", values=_values(names, found), phase="train", kind="step")


def _evaluation_of(*names: str) -> Callable[[re.Match[str]], Reading]:
    return lambda found: Reading(form="evaluation", values=_values(names, found), phase="valid")


def _values(names: tuple[str, ...], found: re.Match[str]) -> tuple[tuple[str, float], ...]:
    return tuple(zip(names, map(float, found.groups()), strict=True))


def _validated(found: re.Match[str]) -> Reading:
    values = ((found[1].lower(), float(found[3])), (found[2].lower(), float(found[4])))
    return Reading(form="evaluation", values=values, phase="valid")


def _new_best(found: re.Match[str]) -> Reading:
    return Reading(form="evaluation", values=((found[1].lower(), float(found[2])),), phase="valid")


_READINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Reading]], ...] = (
    (_SENTENCE, _sentence),
    (_ITERATION, _iteration),
    (_BACKWARD, _step_of("lr")),
    (_AVERAGE, _step_of("loss_avg", "lr_pg0", "lr_pg1", "final_score", "mc_score")),
    (_THRESHOLD, _evaluation_of("th", "score")),
    (_CROSS_VALIDATION, _evaluation_of("cv")),
    (_BEST_THRESHOLD, _evaluation_of("threshold")),
    (_VALIDATED, _validated),
    (_NEW_BEST, _new_best),
    (_MATCHING, _evaluation_of("f1", "precision", "recall")),
)


class KnownLines:
    """Reads these lines. A learning rate alone counts only right after a line that is a time and nothing else."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._is_time = False
        self._after_time = False

    def look(self, whole: str) -> None:
        """Take note of a whole line, prefixes included, before its message is read."""
        self._after_time, self._is_time = self._is_time, _JUST_TIME.match(whole) is not None

    def pass_over(self, lines: int) -> None:
        """So many lines were read that are no times."""
        self._after_time, self._is_time = self._is_time and lines == 1, False

    def read(self, text: str) -> Reading | list[Event] | None:
        """What the line says, when it is one of these."""
        if text[:1] not in _MAY_START:
            return None
        for pattern, make in _READINGS:
            found = pattern.match(text)
            if found:
                return make(found)
        found = _RATE.match(text)
        if found and self._after_time:
            return _step_of("lr")(found)
        return self._files(text)

    def _files(self, text: str) -> list[Event] | None:
        found = _SAVED_FILES.match(text)
        if found:
            return [Saved(path=path, step=self._timeline.now, label="model") for path in found.groups() if path]
        found = _SAVED.match(text)
        if found:
            return [Saved(path=found[2], step=self._timeline.now, label=found[1])]
        return [Note(text=text)] if _NOTES.match(text) else None
