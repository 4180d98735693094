"""Training comments that are a little different each time: less of what can be cleaned away, and company.

The synthesiser puts lines of other texts around a short comment. What a comment is, toxic or not, stays true: harmless
comments get harmless lines, toxic ones either. Probabilities and numbers of lines are those of the authors' published
trainer. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from trainers.data.cleaning import STEPS, sentences

HOW = ("none", "often", "often+low")
EXCLUDE = 0.95  # of each cleaning step
OFTEN, LOW = 0.5, 0.3  # of the synthesiser, for short comments and for those of middling length
SHORT = 60  # tokens
LONG = 0.8  # of the tokens that a model reads
MIX = 0.5  # of toxic lines around a harmless comment, where that is wanted


@dataclass(frozen=True)
class Lines:
    """Short texts by language, to be put around comments."""

    harmless: Mapping[str, Sequence[str]] = field(default_factory=dict)
    toxic: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Augmenter:
    """`augment(text, lang, toxic, random)` gives the text as training sees it now, and whether it is toxic now.

    Every cleaning step named in `steps` is done most of the time. Then a comment that is long for the model gets its
    sentences in another order, a short one often gets lines of `lines` around it, and with `how` `often+low` one of
    middling length sometimes. With `mix` a harmless comment may get toxic lines, and is toxic then. `count` says how
    many tokens a text has, and `longest` how many are read.
    """

    def __init__(
        self,
        how: str,
        steps: Sequence[str],
        lines: Lines,
        count: Callable[[str], int],
        longest: int,
        mix: bool = False,
    ) -> None:
        self._low = how == "often+low"
        self._steps = tuple(steps)
        self._lines = lines
        self._count = count
        self._longest = longest
        self._mix = mix

    def __call__(self, text: str, lang: str, toxic: bool, random: Random) -> tuple[str, bool]:
        shown = self._cleaned(text, random) or text
        length = self._count(shown)
        if length > LONG * self._longest:
            parts = sentences(shown)
            random.shuffle(parts)
            return " ".join(parts), toxic
        chance = OFTEN if length < SHORT else LOW if self._low else 0.0
        return self._in_company(shown, lang, toxic, random) if random.random() < chance else (shown, toxic)

    def _cleaned(self, text: str, random: Random) -> str:
        for name in self._steps:
            if random.random() < EXCLUDE:
                text = STEPS[name](text)
        return " ".join(text.split())

    def _in_company(self, text: str, lang: str, toxic: bool, random: Random) -> tuple[str, bool]:
        """The comment among one to five harmless lines or, toxic, among up to two of them and one to three toxic."""
        harmless, hostile = self._lines.harmless.get(lang, ()), self._lines.toxic.get(lang, ())
        if self._mix and not toxic and hostile and random.random() < MIX:
            toxic = True
        company = _some(harmless, *((0, 2) if toxic else (1, 5)), random)
        if toxic:
            company += _some(hostile, 1, 3, random)
        parts = [text, *company]
        random.shuffle(parts)
        return " ".join(parts), toxic


def _some(lines: Sequence[str], fewest: int, most: int, random: Random) -> list[str]:
    return [random.choice(lines) for _ in range(random.randint(fewest, most))] if lines else []
