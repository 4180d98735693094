"""Progress bars of Keras and tqdm.

A state of a bar is a training step with the values that it shows; at the end of the bar they may count as an
evaluation, if nothing else says what the evaluation is. A bar named `val`, `valid`, `test` … says something at its end
only, and so do values such as `val_loss` in a training bar, which goes on showing them all through the next epoch.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cockpit.printed.names import PHASE_WORD, Wanted, is_evaluation, phase_of, strength
from cockpit.printed.numbers import count, number
from cockpit.printed.pairs import values_in
from cockpit.printed.prefixes import strip_prefixes
from cockpit.printed.reading import Reading, Values
from cockpit.printed.sorting import only
from cockpit.printed.timeline import Timeline

_KERAS_HEADER = re.compile(r"\s{0,4}Epoch (\d{1,9})/(\d{1,9})\s*$")
_KERAS = re.compile(r"\s{0,20}(\d{1,15})/(\d{1,15}|Unknown)\s{0,4}(?: \[[=>.]{1,200}\]| ?[━╸╺─]{1,200}| - )\s?(.*)$")
_KERAS_PAIR = re.compile(r"(?:^| - )([A-Za-z_][^:]{0,80}?): ([^\s:]{1,40})(?=\s|$)")
_TQDM = re.compile(r"(\d{1,3})%\|[^|]{0,600}\|\s{0,20}(\d{1,15})/(\d{1,15})\s{1,4}\[([^\]]{0,600})")
_TQDM_OPEN = re.compile(r"(?<!\S)(\d{1,15})it \[([^\]]{0,600})")
_ENDED = re.compile(r"\d{1,3}%\|[^|]{0,600}\|\s{0,20}\d{1,15}/\d{1,15}\s{1,4}\[[^\]]{0,600}\](?=\S)")
_EPOCH = re.compile(r"\bepochs?[\s:=#]{0,4}\[?\s{0,4}(\d{1,9})(?:\s?/\s?(\d{1,9}))?", re.IGNORECASE)
_PHASE = re.compile(rf"\b({PHASE_WORD}|predict(?:ion|ing)?|evaluating|validating)\b", re.IGNORECASE)
_DOING = {"evaluating": "valid", "validating": "valid", "predicting": "predict"}


def read(text: str, wanted: Wanted) -> Reading | None:
    """A state of a bar or the header of a Keras epoch. A bar without values of a metric has no values."""
    if "/" in text:
        found = _KERAS_HEADER.match(text)
        if found:
            return Reading(form="keras_header", epoch=count(found[1]), from_one=True)
        found = _KERAS.match(text)
        if found:
            return _keras(found)
    if "|" not in text and "it [" not in text:
        return None
    found = _TQDM.search(text)
    if found:
        return _tqdm(text[: found.start()], int(found[2]), int(found[3]), found[4], wanted)
    found = _TQDM_OPEN.search(text)
    return _tqdm(text[: found.start()], int(found[1]), None, found[2], wanted) if found else None


def apart(text: str) -> list[str]:
    """A state of a bar and the line of a logger that was printed right behind it, which did not know of the bar."""
    found = _ENDED.search(text) if "%|" in text else None
    if found is None:
        return [text]
    rest = text[found.end() :]
    said = strip_prefixes(rest)
    if not (said.length and said.text) and not rest.startswith("{'"):
        return [text]
    return [text[: found.end()], said.text]


def _keras(found: re.Match[str]) -> Reading:
    pairs = [(name.strip(), number(value)) for name, value in _KERAS_PAIR.findall(found[3])]
    values = tuple((name, value) for name, value in pairs if value is not None and name != "ETA")
    return Reading(form="keras", values=values, step=int(found[1]), total=count(found[2]))


def _tqdm(before: str, done: int, total: int | None, inside: str, wanted: Wanted) -> Reading:
    label = before[-300:].strip(" :")
    epoch, phase = _EPOCH.search(label), _PHASE.search(label)
    values: Values = values_in(_EPOCH.sub("", label)) + values_in(inside.partition(",")[2])
    values = tuple((name, value) for name, value in values if name != "v_num")
    if not any(strength(name) or wanted.is_named(name) for name, _ in values):
        values = ()
    return Reading(
        form=f"tqdm {label}" if not values else "tqdm",
        values=values,
        phase=_DOING.get(phase[1].lower(), phase_of(phase[1])) if phase else None,
        step=done,
        total=total,
        epoch=int(epoch[1]) if epoch else None,
        from_one=bool(epoch and epoch[2]),
    )


class Bars:
    """Knows which bar is the training's, and which values a bar has shown before."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._fitting = 0  # total of the Keras bar that trains
        self._fitted = False  # it came to its end, and no new epoch has begun
        self._shown: Values = ()
        self._unchanged: Reading | None = None
        self._steps_of = 0
        self.trained: int | None = None  # how far the first bar without a name is: the Hugging Face Trainer's

    def settle(self, reading: Reading) -> list[Reading]:
        """What a state of a bar has to say."""
        if reading.form == "keras_header":
            self._fitting, self._fitted = 0, False
            return [reading]
        return self._keras(reading) if reading.form == "keras" else self._tqdm(reading)

    def goes_on(self, reading: Reading) -> bool:
        """Whether a state is a step of the training bar and nothing else; what it is of is noted then."""
        if reading.is_last or not reading.values:
            return False
        if reading.form == "keras":
            if self._fitted and reading.total != self._fitting:
                return False
            self._fitting, self._fitted = reading.total or 0, False
            return True
        evaluated = reading.phase is not None and is_evaluation(reading.phase)
        return not evaluated and self._unchanged is None and not only(reading, evaluations=True).values

    def rest(self) -> list[Reading]:
        """The evaluation that was shown and not told, because it was equal to the one before."""
        unchanged, self._unchanged = self._unchanged, None
        return [unchanged] if unchanged else []

    def _keras(self, reading: Reading) -> list[Reading]:
        total = reading.total or 0
        if not reading.values:
            return []
        if self._fitted and total != self._fitting:  # no epoch began: this is model.evaluate
            return [replace(reading, phase="valid", step=None, total=None)] if reading.is_last else []
        self._fitting, self._fitted = total, reading.is_last
        return [replace(reading, training=not reading.is_last)]

    def _tqdm(self, reading: Reading) -> list[Reading]:
        if not reading.values:
            self._watch(reading)
            return []
        if reading.phase is not None and is_evaluation(reading.phase):
            return [replace(reading, step=None, total=None)] if reading.is_last else []
        found = self.rest() if self._has_gone_on(reading) else []
        trained = only(reading, evaluations=False)
        if trained.values:
            found.append(replace(trained, training=not reading.is_last))
        return found + (self._evaluated(only(reading, evaluations=True)) if reading.is_last else [])

    def _has_gone_on(self, reading: Reading) -> bool:
        """Whether this state follows the end of the bar whose evaluation was not told."""
        before = self._unchanged
        return before is not None and (not reading.is_last or reading.epoch != before.epoch)

    def _evaluated(self, reading: Reading) -> list[Reading]:
        if not reading.values:
            return []
        if reading.values == self._shown:
            self._unchanged = reading
            return []
        self._shown, self._unchanged = reading.values, None
        return [reading]

    def _watch(self, reading: Reading) -> None:
        if reading.form != "tqdm " or not reading.total:
            return
        self._steps_of = self._steps_of or reading.total
        if reading.total == self._steps_of:
            self.trained = reading.step
