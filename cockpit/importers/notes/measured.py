"""CV and LB scores, thresholds and claimed differences in a line of a diary, English, Japanese or both."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_VALUE = r"(?:0?\.0?\.|0?\.|1\.)\d{2,8}"
_LEADING = r"(?:\s*\([^()\d=]{0,20}\))?\s*(?:は|が|で|score|スコア)?\s*[:=]?\s*"
_CHANGED = rf"(?:\s*(?:->|→|⇒|=>)\s*({_VALUE}))?"
_CV = re.compile(rf"(\(\s*)?(?<![A-Za-z_])cv{_LEADING}({_VALUE})(x?)(?![\d%]){_CHANGED}", re.IGNORECASE)
_LB = re.compile(
    r"(?<![A-Za-z_])(?:(?:(?P<private>private)|public)\s*(?:lb|score|スコア)?|lb|リーダーボード)"
    rf"{_LEADING}({_VALUE})(x?)(?![\d%]){_CHANGED}",
    re.IGNORECASE,
)
_EPOCH = re.compile(rf"\bepoch\s*(\d{{1,4}})\s*(?:は|[:=]|で)?\s*({_VALUE})(?![\d%])", re.IGNORECASE)
_BARE = re.compile(rf"(?:^|[:→は]|->|=>)\s*({_VALUE})(x?)(?=\s*(?:$|[(!,、。/]|と|で|[+-]\d))")
_ONE = r"\d{1,3}(?:\.\d{1,4})?|\.\d{1,4}"
_THRESHOLD = re.compile(
    rf"(?<![A-Za-z])((?:[a-z]{{1,20}}_)?(?:th|thr|threshold)|閾値|しきい値)\s*(?:は|[:=])?\s*({_ONE})((?:\s?/\s?(?:{_ONE})){{0,9}})(?![\w%])",
    re.IGNORECASE,
)
_DELTA = re.compile(r"(?:\(\s*|と\s*|,\s*|\s)([+-](?:0?\.\d{1,6}|\d{1,3}(?:\.\d{1,4})?(?=\s*pt)))(\s*pt)?")
_POINT = 0.001


@dataclass(frozen=True, slots=True)
class Measured:
    """`cv` are (epoch, value), `lb` (private, value); `unsure` are values whose last digits nobody wrote down."""

    cv: list[tuple[int, float]] = field(default_factory=list)
    lb: list[tuple[bool, float]] = field(default_factory=list)
    thresholds: dict[str, float] = field(default_factory=dict)
    claimed: list[float] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


def normal(text: str) -> str:
    """Full-width letters, digits and punctuation as the usual ones, for patterns only."""
    return unicodedata.normalize("NFKC", text)


def measured(text: str) -> Measured:
    """The numbers in `text`, which is `normal`.

    `0.0.8618` is 0.8618, `0.886x` is 0.886 and unsure, `(cv=0.53)` behind another score is a threshold, an arrow
    leads to the value that counts, and 1 pt is 0.001.
    """
    found = Measured()
    for one in _CV.finditer(text):
        if one[1] and len(one[2].rpartition(".")[2]) <= 2 and not one[4]:
            found.thresholds["th"] = value_of(one[2])
        else:
            found.cv.append((0, value_of(one[4] or one[2])))
            _doubt(found, one[2], one[3])
    for one in _LB.finditer(text):
        found.lb.append((bool(one["private"]), value_of(one[4] or one[2])))
        _doubt(found, one[2], one[3])
    found.cv.extend((int(one[1]), value_of(one[2])) for one in _EPOCH.finditer(text))
    if not (found.cv or found.lb):
        bare = _BARE.search(text)
        if bare:
            found.cv.append((0, value_of(bare[1])))
            _doubt(found, bare[1], bare[2])
    _thresholds(found, text)
    found.claimed.extend(float(one[1]) * (_POINT if one[2] else 1) for one in _DELTA.finditer(text))
    return found


def value_of(text: str) -> float:
    """0.8618 for `0.8618`, `.8618` and the slip `0.0.8618`."""
    whole, _, digits = text.rpartition(".")
    return float(f"{1 if whole == '1' else 0}.{digits}")


def _thresholds(found: Measured, text: str) -> None:
    for one in _THRESHOLD.finditer(text):
        spoken = one[1].lower()
        name = "th" if spoken in ("th", "thr", "threshold", "閾値", "しきい値") else spoken
        more = [float(value) for value in one[3].replace(" ", "").split("/") if value]
        if more:
            found.thresholds.update(
                {f"{name}_{number}": value for number, value in enumerate([float(one[2]), *more], 1)}
            )
        else:
            found.thresholds[name] = float(one[2])


def _doubt(found: Measured, digits: str, unknown: str) -> None:
    if unknown:
        found.unsure.append(f"{digits}{unknown}")
