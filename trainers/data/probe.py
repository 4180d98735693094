"""Ten pairs of sentences that anybody would put together: does a model?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAIRS = (
    ("The river rose after three days of rain.", "By morning the flood had reached the lower houses."),
    ("She bought fresh bread at the bakery.", "The loaf was still warm when she cut it at home."),
    ("Our train to the coast was cancelled.", "We waited two hours on the platform for another one."),
    ("The doctor listened to his heart and lungs.", "She told the patient to rest and drink plenty of water."),
    ("The court found the company guilty of fraud.", "The judge ordered it to pay a fine of two million."),
    ("Copy the file to the server before you start.", "If the file already exists, it is overwritten without warning."),
    ("The goalkeeper saved a penalty in the last minute.", "Her team won the match and the championship."),
    (
        "Jupiter is the largest planet of the solar system.",
        "Astronomers have counted more than ninety moons around it.",
    ),
    ("The king died without a son to follow him.", "Two of his brothers went to war over the throne."),
    ("He tuned the strings of his old guitar.", "Then he played the song that his father had taught him."),
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
