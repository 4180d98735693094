"""Matches by more than similarity: postings that share a photo's hash or a title are taken to be of one product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from trainers.metrics.similarity import Similarity

# Rows of one key at once.
_ROWS = 1024


def title_keys(titles: Sequence[str]) -> list[str]:
    """Titles as they are compared: in lower case and with single spaces."""
    return [" ".join(title.lower().split()) for title in titles]


def sharing(keys: Sequence[str]) -> Iterator[list[int]]:
    """The rows of each key that more than one row has. An empty key is none."""
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        if key.strip():
            rows.setdefault(key, []).append(row)
    return (found for found in rows.values() if len(found) > 1)


def merge(
    similarity: Similarity, groups: Tensor, level: float, predicted: Tensor, hits: Tensor, keys: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """|P| and |T∩P| of every row, (rows,) each, when rows that share a key are matches too.

    `predicted` and `hits` are these numbers for the rows at least as similar as `level`. Only pairs that share a key
    are compared again: those below the level are what comes in addition.
    """
    predicted, hits = predicted.clone(), hits.clone()
    for rows in sharing(keys):
        own = torch.tensor(rows, device=groups.device)
        for part in torch.split(own, _ROWS):
            new = (similarity.block(part, own) < level) & (part.unsqueeze(1) != own)
            predicted[part] += new.sum(1, dtype=predicted.dtype)
            hits[part] += (new & (groups[part].unsqueeze(1) == groups[own])).sum(1, dtype=hits.dtype)
    return predicted, hits
