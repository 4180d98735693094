"""Made-up embeddings of four members, so that a vote needs no download and no training.

Postings of a product look and read alike, and so do those of some other products: half of the products have a twin that
looks like them, and half one that reads like them. Every member sees pictures and titles through noise of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainers.embeddings import Postings

SEED = 2021
MEMBERS = ("made_up_1", "made_up_2", "made_up_3", "made_up_4")
GROUPS = 150
SMALLEST, LARGEST = 2, 5  # postings of one group
HIDDEN, WIDTH = 24, 32  # of what a product is, and of an embedding
TWINS = 0.75  # how far twins are apart, where other products are 1
POSTING = 0.9  # how far postings of one product are
NOISE = 0.6  # of a member's own

Vectors = NDArray[np.float32]


def made_up_members() -> tuple[tuple[str, ...], list[Postings], list[dict[str, Vectors]]]:
    """Names, postings and embeddings by output, member by member; always the same ones."""
    generator = np.random.default_rng(SEED)
    sizes = generator.integers(SMALLEST, LARGEST + 1, GROUPS)
    groups = np.repeat(np.arange(GROUPS), sizes)
    postings = Postings(
        tuple(f"made_up_{row:04d}" for row in range(len(groups))), tuple(f"{group:03d}" for group in groups)
    )
    looks = _products(generator, np.arange(GROUPS))[groups]
    reads = _products(generator, generator.permutation(GROUPS))[groups]
    looks, reads = (seen + POSTING * generator.standard_normal(seen.shape) for seen in (looks, reads))
    members = [_member(generator, looks, reads) for _ in MEMBERS]
    return MEMBERS, [postings] * len(MEMBERS), members


def _products(generator: np.random.Generator, order: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each product is, (groups, hidden); of the first half in `order` two at a time are twins."""
    own, shared = generator.standard_normal((2, GROUPS, HIDDEN))
    twin = np.where(order < GROUPS // 2, order // 2, order)
    return np.asarray(np.where((order < GROUPS // 2)[:, None], shared[twin] + TWINS * own, own * np.sqrt(1 + TWINS**2)))


def _member(
    generator: np.random.Generator, looks: NDArray[np.float64], reads: NDArray[np.float64]
) -> dict[str, Vectors]:
    image, text = (_embedded(generator, seen) for seen in (looks, reads))
    return {"fused": _units(np.concatenate([image, text], axis=1)), "image": _units(image), "text": _units(text)}


def _embedded(generator: np.random.Generator, seen: NDArray[np.float64]) -> Vectors:
    """What a member makes of it: another view, and noise."""
    view = generator.standard_normal((HIDDEN, WIDTH)) / np.sqrt(HIDDEN)
    return _units(seen @ view + NOISE * generator.standard_normal((len(seen), WIDTH)))


def _units(vectors: NDArray[np.floating]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
