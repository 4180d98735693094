"""Made-up pairs of sentences in two languages, so that the inference trainer needs no download.

A premise says what a thing was like, and a hypothesis says so, too: the same in other words (entailment), the opposite
(contradiction), or something that has nothing to do with it (neutral). Every word is equally common under all three
labels, on either side, so that neither sentence tells without the other. Some labels are wrong, as people's are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

from trainers.data.pairs import LABELS, Pairs

SEED = 2018
TRAIN, VALID = 1_800, 360
WRONG = 0.06  # of labels

# For each language: things, times, the sentences of premises and hypotheses, and for every scale its two ends, each by
# the word of premises and the word of hypotheses.
_WORDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "thing": ("soup", "house", "train", "coat", "street", "story", "hall", "river"),
        "time": ("yesterday", "today", "again", "still", "then"),
        "premise": ("The {thing} was {word} {time}.",),
        "hypothesis": ("It was {word}.", "So {word}."),
    },
    "es": {
        "thing": ("plato", "cuarto", "tren", "abrigo", "camino", "cuento", "salón", "río"),
        "time": ("ayer", "hoy", "luego", "antes", "siempre"),
        "premise": ("El {thing} era {word} {time}.",),
        "hypothesis": ("Esto era {word}.", "Muy {word}."),
    },
}
_SCALES: Mapping[str, Sequence[Sequence[tuple[str, str]]]] = {
    "en": (
        (("hot", "warm"), ("icy", "cold")),
        (("huge", "big"), ("tiny", "small")),
        (("loud", "noisy"), ("silent", "quiet")),
    ),
    "es": (
        (("ardiente", "caliente"), ("helado", "frío")),
        (("enorme", "grande"), ("diminuto", "pequeño")),
        (("estruendoso", "ruidoso"), ("callado", "tranquilo")),
    ),
}


def inferences() -> tuple[Pairs, Pairs]:
    """Pairs to train on and pairs to validate on; always the same ones."""
    random = Random(SEED)
    return _pairs(TRAIN, random), _pairs(VALID, random)


def _pairs(count: int, random: Random) -> Pairs:
    langs, premises, hypotheses, labels = [], [], [], []
    languages = tuple(_SCALES)
    for row in range(count):
        # Each label equally often in each language.
        lang, label = languages[row // len(LABELS) % len(languages)], LABELS[row % len(LABELS)]
        premise, hypothesis = _pair(lang, label, random)
        langs.append(lang)
        premises.append(premise)
        hypotheses.append(hypothesis)
        labels.append(LABELS.index(random.choice(LABELS) if random.random() < 1.5 * WRONG else label))
    return Pairs(langs, premises, hypotheses, np.array(labels, dtype=np.int64))


def _pair(lang: str, label: str, random: Random) -> tuple[str, str]:
    scales = _SCALES[lang]
    scale, end = random.randrange(len(scales)), random.randrange(2)
    words = {key: random.choice(choices) for key, choices in _WORDS[lang].items()}
    premise = words["premise"].format(**words, word=scales[scale][end][0])
    if label == "contradiction":
        end = 1 - end
    if label == "neutral":
        scale, end = (scale + random.randrange(1, len(scales))) % len(scales), random.randrange(2)
    return premise, words["hypothesis"].format(**words, word=scales[scale][end][1])
