"""Which pairs of rows are worth a look, and how similar they are. No torch here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

# Neighbours of a row that can be its matches: no group of the shop has more postings than 51.
NEIGHBOURS = 50
# Similarities held at once: 64 MiB.
_BLOCK_ELEMENTS = 2**24

Vectors = NDArray[np.float32]
Places = NDArray[np.int32]


def candidate_pairs(outputs: Sequence[Vectors], neighbours: int = NEIGHBOURS) -> tuple[Places, Places]:
    """Pairs of different rows of which one is among the nearest of the other in at least one output.

    Each output has unit vectors (rows, dimensions). Both arrays have the shape (pairs,); the smaller row comes first,
    and every pair is there once, ordered by rows.
    """
    rows = len(outputs[0])
    if rows * rows <= _BLOCK_ELEMENTS:
        near = np.zeros((rows, rows), dtype=np.bool_)
        for vectors in outputs:
            for mine, nearest in _nearest(vectors, neighbours):
                near[mine[:, None], nearest] = True
        first, second = np.nonzero(np.triu(near | near.T, 1))
        return first.astype(np.int32), second.astype(np.int32)
    codes = np.empty(0, dtype=np.int64)
    for vectors in outputs:
        pieces = [codes]
        for mine, nearest in _nearest(vectors, neighbours):
            smaller, larger = np.minimum(mine[:, None], nearest), np.maximum(mine[:, None], nearest)
            pieces.append(_distinct((smaller * rows + larger).ravel()))
        codes = _distinct(np.concatenate(pieces))
    return (codes // rows).astype(np.int32), (codes % rows).astype(np.int32)


def cosines(vectors: Vectors, first: Places, second: Places) -> NDArray[np.float32]:
    """The similarity of each pair, shape (pairs,)."""
    if len(vectors) ** 2 <= _BLOCK_ELEMENTS:
        return np.asarray((vectors @ vectors.T)[first, second])
    found = np.empty(len(first), dtype=np.float32)
    at_once = max(1, _BLOCK_ELEMENTS // max(1, vectors.shape[1]))
    for start in range(0, len(first), at_once):
        piece = slice(start, start + at_once)
        found[piece] = np.einsum("pd,pd->p", vectors[first[piece]], vectors[second[piece]])
    return found


def _nearest(vectors: Vectors, neighbours: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Some rows at a time, (rows,), with the nearest others of each, (rows, neighbours), in no order."""
    rows = len(vectors)
    count = min(neighbours, rows - 1)
    at_once = max(1, _BLOCK_ELEMENTS // rows)
    for start in range(0, rows if count > 0 else 0, at_once):
        mine = np.arange(start, min(rows, start + at_once))
        similarity = vectors[mine] @ vectors.T
        similarity[np.arange(len(mine)), mine] = -2.0  # below all others: a row is not its own neighbour
        yield mine, np.argpartition(similarity, rows - count, axis=1)[:, rows - count :]


def _distinct(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each number once, ascending."""
    ordered = np.sort(codes)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered
