"""Made-up pairs of sentences in three languages, so that the inference trainer needs no download.

A premise says about how many came, and a hypothesis that more than so many did. That follows where the premise's number
is larger (entailment), cannot be where it is smaller (contradiction), and is open where they are the same
(neutral). Premises are equally common under all three labels, and only very small and very large numbers of hypotheses
tell anything by themselves: it takes both sentences. Some labels are wrong, as people's are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

from trainers.data.pairs import LABELS, Pairs

SEED = 2018
TRAIN, VALID = 1_800, 360
WRONG = 0.06  # of labels
# How many places further down the hypothesis' number is.
_BELOW = {"contradiction": -2, "entailment": 2, "neutral": 0}
# Places of the numbers of premises: all of the above can be said of them.
_MIDDLE = range(2, 8)

# For each language: the numbers from ten to a hundred, who came, where to and when, and the sentences of both sides.
_WORDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "number": (
            "ten", "twenty", "thirty", "forty", "fifty",
            "sixty", "seventy", "eighty", "ninety", "hundred",
        ),
        "who": ("people", "guests", "children", "birds"),
        "where": ("to the market", "to the beach", "to the garden", "to the station"),
        "premise": ("About {number} {who} came {where}.", "Some {number} {who} came {where} again."),
        "hypothesis": ("More than {number} {who} came.", "There were over {number} {who}."),
    },
    "es": {
        "number": (
            "diez", "veinte", "treinta", "cuarenta", "cincuenta",
            "sesenta", "setenta", "ochenta", "noventa", "cien",
        ),
        "who": ("vecinos", "turistas", "amigos", "perros"),
        "where": ("al mercado", "al jardín", "al puerto", "al museo"),
        "premise": ("Unos {number} {who} fueron {where}.", "Casi {number} {who} fueron {where} ayer."),
        "hypothesis": ("Fueron más de {number} {who}.", "Había más de {number} {who}."),
    },
    "sw": {
        "number": (
            "kumi", "ishirini", "thelathini", "arobaini", "hamsini",
            "sitini", "sabini", "themanini", "tisini", "mia",
        ),
        "who": ("watu", "wageni", "watoto", "wanafunzi"),
        "where": ("sokoni", "pwani", "shuleni", "mjini"),
        "premise": ("Kama {who} {number} walikuja {where}.", "Jana {who} kama {number} walikuja {where}."),
        "hypothesis": ("Zaidi ya {who} {number} walikuja.", "Walikuja {who} zaidi ya {number}."),
    },
}  # fmt: skip


def inferences() -> tuple[Pairs, Pairs]:
    """Pairs to train on and pairs to validate on; always the same ones."""
    random = Random(SEED)
    return _pairs(TRAIN, random), _pairs(VALID, random)


def _pairs(count: int, random: Random) -> Pairs:
    langs, premises, hypotheses, labels = [], [], [], []
    languages = tuple(_WORDS)
    for row in range(count):
        # Each label equally often in each language.
        lang, label = languages[row // len(LABELS) % len(languages)], LABELS[row % len(LABELS)]
        premise, hypothesis = _pair(_WORDS[lang], label, random)
        langs.append(lang)
        premises.append(premise)
        hypotheses.append(hypothesis)
        # Of labels drawn anew, one in three is the right one again.
        labels.append(LABELS.index(random.choice(LABELS) if random.random() < 1.5 * WRONG else label))
    return Pairs(langs, premises, hypotheses, np.array(labels, dtype=np.int64))


def _pair(words: Mapping[str, Sequence[str]], label: str, random: Random) -> tuple[str, str]:
    chosen = {key: random.choice(choices) for key, choices in words.items()}
    place = random.choice(_MIDDLE)
    claimed = place - _BELOW[label]
    premise = chosen["premise"].format(**chosen | {"number": words["number"][place]})
    return premise, chosen["hypothesis"].format(**chosen | {"number": words["number"][claimed]})
