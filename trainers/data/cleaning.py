"""What is taken out of comments before a model reads them, each by its own name. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from trainers.contract import InputError

# A sentence ends behind a full stop, question or exclamation mark of any script, and at the end of a line.
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？؟۔।])\s+|\n+")
_URL = re.compile(r"(?:https?://|www\.)\S+")
_USER = re.compile(r"(?<!\w)@\w+")
_HASHTAG = re.compile(r"(?<!\w)#\w+")


def sentences(text: str) -> list[str]:
    """The sentences of a text, without the space around them. Needs no model of a language."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def without_duplicates(text: str) -> str:
    """Each sentence once, where it comes first; case and punctuation at the end do not tell sentences apart."""
    seen: dict[str, str] = {}
    for sentence in sentences(text):
        seen.setdefault(sentence.lower().rstrip(".!?… "), sentence)
    return " ".join(seen.values())


STEPS: Mapping[str, Callable[[str], str]] = {
    "urls": lambda text: _URL.sub(" ", text),
    "users": lambda text: _USER.sub(" ", text),
    "hashtags": lambda text: _HASHTAG.sub(" ", text),
    "numbers": lambda text: re.sub(r"\d+", " ", text),
    "quotes": lambda text: re.sub(r'["“”„«»]', " ", text),
    "duplicates": without_duplicates,
}


def steps_named(names: str) -> tuple[str, ...]:
    """The steps of a comma-separated list, in the order in which they are done; `none` is none of them.

    Raises `InputError` for a name that is none.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()} - {"none"}
    for name in sorted(wanted - STEPS.keys()):
        raise InputError(f"clean = {names!r}: there is no step {name!r}; give some of {', '.join(STEPS)}, or none")
    return tuple(name for name in STEPS if name in wanted)


def clean(text: str, steps: Sequence[str]) -> str:
    """The text after these steps, with single spaces. One of which nothing would be left stays as it is."""
    cleaned = text
    for name in steps:
        cleaned = STEPS[name](cleaned)
    return " ".join(cleaned.split()) or text
