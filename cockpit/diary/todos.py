"""What somebody meant to try: items marked TODO in notes, and which later experiments may have followed them up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cockpit.events.text import one_line

OPEN, FOLLOWED, DONE = "open", "followed up?", "done"
_LONGEST = 300  # characters of an item
_MOST_FOLLOWERS = 3

_BULLET = r"\s*(?:[-*+•]|\d{1,3}[.)])\s+"
_BOX = re.compile(rf"(?:{_BULLET})?\[([ xX])\]\s+(\S.*)")
_MARK = re.compile(r"\[(?i:todo)\][\s:：]*|(?<![\w/.`\[])TODOs?\b(?!\.\w|/)[\s:：]*|(?<![\w/.`\[])[Tt]o ?do[:：]\s*")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*)")
_LIST = re.compile(rf"{_BULLET}(\S.*)")
_FENCE = re.compile(r"\s{0,3}(?:`{3,}|~{3,})")
_STRUCK = re.compile(r"~~.+~~")
_DONE = re.compile(r"[\[(](?:done|済|済み)[\])]|(?:^|\s)(?:✅|✔)", re.IGNORECASE)
_LEADING = re.compile(rf"(?:{_BULLET})|next\s*[:：]\s*", re.IGNORECASE)

_WORD = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*|[\u3040-\u30ff\u4e00-\u9fff]{2,}")
_JOINT = re.compile(r"[-_]")
_SHORTEST_STEM = 4
_COMMON_WORDS = """
a about add after again all also an and any as at be better bigger both but by can change check compare could data
different do does dont each epoch epochs even experiment few first fix for from full get good has have how if in
into is it its just larger last later less like long longer look make maybe model models more most much need new
next no not now of off old on once one only or other our out over perhaps put rather result results run runs same
score scores see set shorter should smaller so some still such test than that the their them then there this to too
train training tried try trying two up us use used using value values very was we well what when where whether which
while why will with without work would yet
"""
_COMMON = frozenset(_COMMON_WORDS.split())


class Place(NamedTuple):
    """Where words stand in time: the number of the experiment, and of the trial; -1 before the first of them."""

    experiment: int = -1
    trial: int = -1


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote. `name` is the experiment, or trial, that it is about; empty outside of them."""

    text: str
    name: str
    date: str
    place: Place
    label: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What an experiment or a trial tried: `said` are its words by where they stand, such as `question`, `varied`."""

    name: str
    place: Place
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Follower:
    """Something later that seems to have followed an item up, and by which words: a question, no claim."""

    name: str
    by: str


@dataclass(frozen=True, slots=True)
class Todo:
    """One item. `words` is where it stands; `is_done` says that its author ticked it off or struck it through."""

    text: str
    words: Words
    is_done: bool = False
    followers: tuple[Follower, ...] = ()

    @property
    def state(self) -> str:
        """`open`, `followed up?` or `done`."""
        return DONE if self.is_done else FOLLOWED if self.followers else OPEN


def todos_in(words: Words) -> Iterator[Todo]:
    """The items in somebody's words: `[TODO] …`, `TODO: …`, `- [ ] …`, and lists under a heading with TODO."""
    in_fence = listed = False
    for line in words.text.split("\n"):
        if _FENCE.match(line):
            in_fence = not in_fence
        if in_fence:
            continue
        heading = _HEADING.match(line)
        if heading:
            listed = _MARK.search(heading[1]) is not None
        found = _item(line, listed)
        if found is not None and found[0]:
            yield Todo(one_line(found[0], _LONGEST), words, found[1])


def without_todos(text: str) -> str:
    """The words that are no items: saying once more that something should be tried is not trying it."""
    return "\n".join(line for line in text.split("\n") if _item(line, False) is None)


def followed_up(todos: Iterable[Todo], tried: Sequence[Tried]) -> list[Todo]:
    """The items with the later experiments that may have followed them up, the earliest first."""
    later = sorted(tried, key=lambda one: one.place)
    vocabulary = [[(where, _stems(text, with_parts=True)) for where, text in one.said] for one in later]
    return [replace(todo, followers=tuple(_followers(todo, later, vocabulary))) for todo in todos]


def _item(line: str, listed: bool) -> tuple[str, bool] | None:
    """The item that a line is, and whether it is done; None where it is none."""
    box = _BOX.match(line)
    if box:
        return _bare(box[2]), box[1] != " " or _is_struck(line)
    heading = _HEADING.match(line)
    body = heading[1] if heading else line
    mark = _MARK.search(body)
    if mark:
        return _bare(body[mark.end() :]) or _bare(body[: mark.start()]), _is_struck(line)
    item = _LIST.match(line) if listed else None
    return (_bare(item[1]), _is_struck(line)) if item else None


def _is_struck(line: str) -> bool:
    return _STRUCK.search(line) is not None or _DONE.search(line) is not None


def _bare(text: str) -> str:
    """An item without its bullet, its mark and what emphasizes it."""
    text = _LEADING.sub("", text.strip(), count=1).replace("~~", "").strip(" *_:：—–-")
    mark = _MARK.match(text)
    return text[mark.end() :] if mark else text


def _followers(
    todo: Todo, later: Sequence[Tried], vocabulary: Sequence[Sequence[tuple[str, frozenset[str]]]]
) -> Iterator[Follower]:
    wanted = _stems(todo.text)
    if todo.is_done or not wanted:
        return
    enough, found = (len(wanted) + 1) // 2, 0
    for one, said in zip(later, vocabulary, strict=True):
        if one.place <= todo.words.place or found == _MOST_FOLLOWERS:
            continue
        where = next((where for where, words in said if _shared(wanted, words) >= enough), "")
        if where:
            found += 1
            yield Follower(one.name, where)


def _shared(wanted: frozenset[str], words: frozenset[str]) -> int:
    return sum(any(_alike(one, other) for other in words) for one in wanted)


def _alike(one: str, other: str) -> bool:
    """Equal, or one the beginning of the other: `pretrain` and `pretraining`."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _SHORTEST_STEM and long.startswith(short))


def _stems(text: str, with_parts: bool = False) -> frozenset[str]:
    """The words of a text that say what it is about, without the `s` of a plural.

    `sub-centers` is one word, the same as `sub_centers` and `subcenters`; with its parts it is three.
    """
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        parts = _JOINT.split(word)
        found.update(["".join(parts), *(parts if with_parts else ())])
    return frozenset(_singular(word) for word in found if word not in _COMMON and len(word) > 1)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > _SHORTEST_STEM and word.endswith("s") and not word.endswith("ss") else word
