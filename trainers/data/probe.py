"""Ten pairs of sentences that anybody would put together: does a model?

Each pair could be two consecutive sentences of one paragraph, about something that encyclopedias and stories tell of:
seven take up a noun again, as paragraphs do, and three only the subject. So n-grams alone find some of them, and a
model has to be compared with those too. That two sentences without a common word belong together takes more text to
learn than a few hundred thousand words. The sentences are not chosen by what models say of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAIRS = (
    (
        "The river rose after three days of heavy rain.",
        "By morning the water of the river had reached the first houses of the village.",
    ),
    (
        "The ship left the harbour with two hundred men on board.",
        "On the second night a storm drove the ship onto the rocks.",
    ),
    ("The old king died without a son to follow him.", "Two brothers of the king went to war over the throne."),
    ("The band recorded its first album in a small studio.", "The album sold well, and two of its songs became hits."),
    (
        "The train to London was late again this morning.",
        "We waited an hour at the station until another train came.",
    ),
    (
        "Our team scored in the last minute of the game.",
        "It was the third goal of the season for the young player.",
    ),
    (
        "The church was built of grey stone on top of a hill.",
        "Its tower was added later and can be seen from the road below.",
    ),
    (
        "A letter lay on the table when she came into the room.",
        "She opened the letter and read it twice by the light of the window.",
    ),
    (
        "The bird builds its nest in tall trees near the water.",
        "Both parents feed the young birds until they leave the nest.",
    ),
    ("The doctor came at once and looked at the sick child.", "He told the mother that the fever was not dangerous."),
)


def sentences() -> list[str]:
    """The twenty sentences, partners next to each other."""
    return [sentence for pair in PAIRS for sentence in pair]


def expected() -> NDArray[np.bool_]:
    """True where two sentences are one or partners, shape (20, 20)."""
    pair = np.arange(2 * len(PAIRS)) // 2
    same: NDArray[np.bool_] = pair[:, None] == pair[None, :]
    return same


def clipped(similarity: NDArray[np.float32]) -> NDArray[np.bool_]:
    """What a matrix of similarities says: (P − mean − standard deviation) > 0 over all its cells."""
    threshold = float(similarity.mean() + similarity.std())
    return similarity > threshold


def trivial() -> dict[str, NDArray[np.bool_]]:
    """Answers that need no model, by name."""
    size = 2 * len(PAIRS)
    return {
        "zeros": np.zeros((size, size), bool),
        "ones": np.ones((size, size), bool),
        "diagonal": np.eye(size, dtype=bool),
    }
