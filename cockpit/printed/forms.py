"""The form of a line: what stays the same in all lines that a program prints at one place, and what its numbers mean.

A form is found by experiment. Other numbers are put into a line that was just read, and it is read again several times:
the number that a step follows is the step. So a form knows nothing of formats, and what it reads is exactly what the
line by itself would have been.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from cockpit.events.text import safe_text
from cockpit.printed.account import has_number
from cockpit.printed.prefixes import BARE_RANKS, strip_prefixes
from cockpit.printed.reading import Reading
from cockpit.printed.step_lines import is_unfinished

LONGEST = 2000  # bytes of a line that is looked at
_MOST_NUMBERS = 48
_EXPERIMENTS = 6
_TOKEN = re.compile(
    r"(?<=\d:)\d\d(?![\w.])|(?<![\w.])(?:(?<=[\s=:(\[,])-)?(?:0|[1-9]\d{0,14})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?(?!\d)(?!\.\d)(?![eE][-+]?\d)"
)
_VALUE = r"(?:0|[1-9]\d{0,14}+)(?:\.\d{1,30}+)?+(?:[eE][-+]?\d{1,2})?+(?!\d)(?!\.\d)"
_CLOCK = r"\d\d(?!\d)"  # minutes and seconds, which may begin with a 0 and mean nothing
_WHOLE = r"(?:0|[1-9]\d{0,8}+)(?!\d)(?!\.\d)"
BARS = ("keras", "tqdm")
LINE_END = r"[ \t]*+\r?+\n"
STATE_END = r"[ \t]*+\r(?!\n)"  # of a line that is drawn once more
_DRAWING = re.compile(
    r"(?P<percent> {0,4}\d{1,3}%\|[^|]{0,600}\|)|(?P<time>\[[\d:?]{1,12}<[\d:?]{1,12})|(?P<left>ETA: [\d:]{1,12}s?)"
    r"|(?P<bar>\[[=>.]{1,200}\])|(?P<blocks>[━╸╺─]{1,200})|(?P<begin>^ {1,20})"
)
_DRAWN = {
    "percent": r" {0,4}\d{1,3}%\|[^|\r\n]{0,600}+\|", "time": r"\[[\d:?]{1,12}+<[\d:?]{1,12}+",
    "left": r"ETA: [\d:]{1,12}+s?", "bar": r"\[[=>.]{1,200}+\]", "blocks": r"(?:━|╸|╺|─){1,200}+", "begin": r" {0,20}",
}  # fmt: skip
_DIGIT = re.compile(r"\d")
_SIGNED_AFTER = " =:([\t,"
_AMBIGUOUS = re.compile(r"\d,\d|^LR:")
_LIKE_A_RANK = re.compile(r"\s*\[\d+\]:?\s|\s*\d+: ")
_BEYOND_RANKS = r"(?:6[4-9]|[7-9]\d|[1-9]\d{2,8}+)(?!\d)(?!\.\d)"

Parse = Callable[[str], "Reading | list[Any] | None"]
Says = Callable[[str], bool]


@dataclass(slots=True)
class Form:
    """`line` matches a whole line, its end included, and gives the numbers that mean something.

    `reading` is what one such line said, None for lines that say nothing. `values` are the groups of its values in
    order; `step`, `epoch`, `total` and `time` those of its places, -1 for what it has not. `cache` is its user's own.
    """

    line: re.Pattern[bytes]
    reading: Reading | None = None
    values: tuple[int, ...] = ()
    step: int = -1
    epoch: int = -1
    total: int = -1
    time: int = -1
    is_block: bool = False  # a heading before it may give it a phase
    has_number: bool = False
    cache: dict[Any, Any] = field(default_factory=dict)


class _UnclearError(Exception):
    """The experiments say that it is no form."""


def find_form(line: bytes, parse: Parse, says_something: Says, end: str = LINE_END) -> Form | None:
    """The form of a line, its end left away; None where it is no plain text, or what it says is not in its numbers.

    Of a progress bar the drawing may change with its numbers.
    """
    if len(line) > LONGEST:
        return None
    text = line.decode("utf-8", "replace")
    if "\ufffd" in text or safe_text(text) != text or not text.strip():
        return None
    stripped = strip_prefixes(text)
    body = stripped.text.rstrip()
    if not body or stripped.rank is not None or _AMBIGUOUS.search(body) or is_unfinished(body):
        return None
    try:
        found = parse(body)
        if found is None:
            return None if says_something(body) else _silent(text[: stripped.length], body, parse, says_something)
        if isinstance(found, Reading):
            return _telling(text[: stripped.length], body, found, parse, end)
    except _UnclearError:
        pass
    return None


def _silent(prefix: str, body: str, parse: Parse, says_something: Says) -> Form:
    """A line that says nothing, whatever its digits are, also those that belong to names."""
    if _LIKE_A_RANK.match(body):
        raise _UnclearError
    chance = random.Random(len(body))
    for _ in range(_EXPERIMENTS):
        other = _DIGIT.sub(lambda _: str(chance.randrange(10)), body)
        if parse(other) is not None or says_something(other):
            raise _UnclearError
    text = re.sub(r"\d+", r"\\d++", re.escape(body))
    line = re.compile((_of_prefix(prefix) + text + LINE_END).encode())
    return Form(line, is_block=_is_block(body), has_number=has_number(body))


def _telling(prefix: str, body: str, found: Reading, parse: Parse, end: str) -> Form:
    drawn = list(_DRAWING.finditer(body)) if found.form in BARS else []
    spans = [drawing.span() for drawing in drawn]
    tokens = [
        token
        for token in _TOKEN.finditer(body)
        if not any(first < token.end() and token.start() < last for first, last in spans)
    ]
    if len(tokens) > _MOST_NUMBERS:
        raise _UnclearError
    whole = _whole_places(tokens, found)
    roles = _roles(body, tokens, found, parse, whole)
    used = sorted(set(roles.values()))
    group = {part: used.index(place) for part, place in roles.items()}
    return Form(
        _pattern(prefix, body, tokens, used, whole, drawn, end),
        reading=found,
        values=tuple(group[str(place)] for place in range(len(found.values))),
        step=group.get("step", -1),
        epoch=group.get("epoch", -1),
        total=group.get("total", -1),
        time=group.get("time", -1),
        is_block=_is_block(body),
        has_number=True,
    )


def _is_block(body: str) -> bool:
    return body[0].isspace() or body[0] in "-*"


def _whole_places(tokens: list[re.Match[str]], found: Reading) -> set[int]:
    """The numbers that may be a step or an epoch, and so have to be whole ones."""
    counters = [found.step, found.total, None if found.form == "trainer" else found.epoch]
    return {place for place, token in enumerate(tokens) if token[0].isdigit() and int(token[0]) in counters}


def _roles(
    body: str, tokens: list[re.Match[str]], found: Reading, parse: Parse, whole: Collection[int]
) -> dict[str, int]:
    """Which number each part of the reading follows."""
    left: dict[str, set[int]] = {}
    for numbers, other in _variants(body, tokens, whole):
        reading = parse(other)
        if not isinstance(reading, Reading) or not _is_alike(reading, found):
            raise _UnclearError
        for part, value in _parts(reading):
            if value is not None:
                fits = {place for place, number in enumerate(numbers) if _is_from(part, value, number, found.form)}
                left[part] = left.get(part, fits) & fits
    if any(len(fits) != 1 for fits in left.values()):
        raise _UnclearError
    return {part: next(iter(fits)) for part, fits in left.items()}


def _is_from(part: str, value: float, number: float, form: str) -> bool:
    return value == (epoch_before(number) if part == "epoch" and form == "trainer" else number)


def epoch_before(number: float) -> int:
    """The Hugging Face Trainer counts epochs that are over; 1.0 is the end of the first, epoch 0."""
    return max(math.ceil(number) - 1, 0) if math.isfinite(number) else -1


def _parts(reading: Reading) -> Iterator[tuple[str, float | None]]:
    yield "step", reading.step
    yield "epoch", reading.epoch
    yield "total", reading.total
    yield "time", reading.time
    for place, (_, value) in enumerate(reading.values):
        yield str(place), value


def _is_alike(one: Reading, other: Reading) -> bool:
    """Whether all but the numbers is the same."""
    mine = (one.form, one.phase, one.from_one, one.kind, one.training)
    yours = (other.form, other.phase, other.from_one, other.kind, other.training)
    if mine != yours or [name for name, _ in one.values] != [name for name, _ in other.values]:
        return False
    return all((a is None) == (b is None) for (_, a), (_, b) in zip(_parts(one), _parts(other), strict=True))


def _variants(body: str, tokens: list[re.Match[str]], whole: Collection[int]) -> Iterator[tuple[list[float], str]]:
    """The line with other numbers, no two of them equal; the same for the same line, so that reading repeats itself."""
    chance = random.Random(len(body))
    for experiment in range(_EXPERIMENTS if tokens else 1):
        texts: list[str] = []
        for place, token in enumerate(tokens):
            text = _number(chance, token, place in whole, experiment)
            while text in texts and not _is_clock(token):
                text = _number(chance, token, place in whole, experiment)
            texts.append(text)
        yield (
            [math.nan if _is_clock(token) else float(text) for token, text in zip(tokens, texts, strict=True)],
            (_with_numbers(body, tokens, texts)),
        )


def _number(chance: random.Random, token: re.Match[str], whole: bool, experiment: int) -> str:
    if _is_clock(token):
        return f"{chance.randrange(60):02d}"
    if _is_like_a_rank(token):
        return str(chance.randrange(BARE_RANKS, 10**6))
    if whole:
        return str(chance.randrange(1, 10 ** chance.randrange(3, 9)))
    style = (chance.randrange(4) + experiment) % 4
    text = str(chance.randrange(1, 10**6))
    if style == 1:
        text = f"{chance.uniform(0, 10):.{chance.randrange(2, 9)}f}"
    elif style == 2:
        text = f"{chance.uniform(0, 1000):.5f}"
    elif style == 3:
        text = f"{chance.uniform(1, 9.9):.3f}e-0{chance.randrange(1, 9)}"
    return f"-{text}" if _may_be_negative(token) and chance.random() < 0.2 else text


def _with_numbers(body: str, tokens: list[re.Match[str]], texts: list[str]) -> str:
    parts, end = [], 0
    for token, text in zip(tokens, texts, strict=True):
        parts += [body[end : token.start()], text]
        end = token.end()
    return "".join([*parts, body[end:]])


def _is_clock(token: re.Match[str]) -> bool:
    before = token.string[max(token.start() - 2, 0) : token.start()]
    return len(before) == 2 and before[0].isdigit() and before[1] == ":" and token.end() - token.start() == 2


def _is_like_a_rank(token: re.Match[str]) -> bool:
    """Whether the number stands where ranks stand, which are small."""
    found = _LIKE_A_RANK.match(token.string)
    return found is not None and token.end() <= found.end()


def _may_be_negative(token: re.Match[str]) -> bool:
    return token.start() > 0 and token.string[token.start() - 1] in _SIGNED_AFTER


def _pattern(
    prefix: str,
    body: str,
    tokens: list[re.Match[str]],
    used: Collection[int],
    whole: Collection[int],
    drawn: list[re.Match[str]],
    line_end: str,
) -> re.Pattern[bytes]:
    """Digits before the message are a time; those of the message are numbers, or belong to names and stay."""
    pieces = [(token.start(), token.end(), _of_number(token, place, used, whole)) for place, token in enumerate(tokens)]
    pieces += [(drawing.start(), drawing.end(), _DRAWN[drawing.lastgroup or ""]) for drawing in drawn]
    parts, end = [_of_prefix(prefix)], 0
    for start, after, pattern in sorted(pieces):
        parts += [re.escape(body[end:start]), pattern]
        end = after
    parts += [re.escape(body[end:]), line_end]
    return re.compile("".join(parts).encode())


def _of_number(token: re.Match[str], place: int, used: Collection[int], whole: Collection[int]) -> str:
    number = _CLOCK if _is_clock(token) else _WHOLE if place in whole else _VALUE
    number = _BEYOND_RANKS if _is_like_a_rank(token) else number
    number = f"-?{number}" if number is _VALUE and _may_be_negative(token) else number
    return f"({number})" if place in used else f"(?:{number})"


def _of_prefix(prefix: str) -> str:
    return _DIGIT.sub(r"\\d", re.escape(prefix))
