"""What people write about a run beside numbers: why it failed, what it was merged with, and how they liked it."""

from __future__ import annotations

import re

from cockpit.importers.notes.entries import BETTER, EVEN, WORSE

_FAILURE = re.compile(
    r"(?:^|[\s(])error(?:\s+(?:for|in|when|while|with|at|on|of)\s+\w|\s*[:：!]|\s*$)|\berrored\b"
    r"|\bfail(?:ed|s|ure)?\b(?!\s+to\s+(?:beat|improve|help))|\bcrash(?:ed|es)?\b|\boom\b|\bout of memory\b"
    r"|\bno submission\b|\btimed?[ -]?out\b|失敗|エラー",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*(?:[,;、。](?!\d)|\.(?=\s|$))\s*(?![^()]*\))")
_MERGED_WITH = re.compile(
    r"\b(?:merg|blend|combin|ensembl|averag)(?:e|ed|es|ing|d)?\s+(?:\w+\s+)?with\s+([^).,;\n]{1,120})", re.IGNORECASE
)
_VERSION = re.compile(r"(?<![\w.])v(?:er?sion)?\.?\s?(\d{1,4})(?![\w.])", re.IGNORECASE)

_BAD = re.compile(
    r"だめ|ダメ|駄目|没|ぼつ|ボツ|すて(?:る|た|ら|$|[\s、。])|捨て|あきらめ|諦め"
    r"|\bworse\b|\bno good\b|\bdid ?n[o']t help\b|❌|✗"
)
_NEUTRAL = re.compile(
    r"そんなに|そんな変わらん|変わらな|変わらん|\bno (?:real )?(?:change|difference)\b|\babout the same\b|➖",
    re.IGNORECASE,
)
_GOOD = re.compile(r"いいかも|良いかも|よい感じ|いい感じ|良い感じ|よさそう|!{3,}|！{2,}|✅|\b(?:helped|better)\b")


def failure_in(text: str) -> bool:
    """Whether the words say that something went wrong."""
    return _FAILURE.search(text) is not None


def clauses(text: str) -> list[str]:
    """The parts of a sentence between its commas; what stands in parentheses stays together."""
    return [part for part in (part.strip() for part in _CLAUSE.split(text)) if part]


def merged_with(text: str, label: str) -> tuple[str, ...]:
    """The labels of the runs that were merged, `label` first; what is no version stands in the author's words."""
    found = _MERGED_WITH.search(text)
    if found is None:
        return ()
    versions = tuple(f"V{number}" for number in _VERSION.findall(found[1]))
    others = versions or (found[1].strip(),)
    return tuple(dict.fromkeys((label, *others)))


def verdict_in(text: str) -> str:
    """✅, ➖ or ❌ by the words of a diary; empty where none of them is there.

    Words of indifference count before the others, for `そんなによくない` has both, and bad ones before good ones.
    """
    marks = ((_NEUTRAL, EVEN), (_BAD, WORSE), (_GOOD, BETTER))
    return next((mark for words, mark in marks if words.search(text)), "")
