"""Training comments as batches that are augmented anew in every pass."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import torch

from trainers.data.augmentation import Augmenter
from trainers.data.batches import Batch, Postings
from trainers.data.comments import Comments
from trainers.data.texts import Draw
from trainers.data.tokens import TextTokens


class AugmentedTexts(Postings):
    """Comments with their labels. What chance does to a row follows from the seed of its pass and nothing else.

    So a pass that is gone on with in its middle, or loaded by other worker processes, is the same pass.
    """

    def __init__(self, comments: Comments, augmenter: Augmenter, tokens: TextTokens) -> None:
        self._comments = comments
        self._augmenter = augmenter
        self._tokens = tokens

    def __len__(self) -> int:
        return len(self._comments)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        comments = self._comments
        rows = torch.as_tensor(list(places))
        seed = places.seed if isinstance(places, Draw) else 0
        before = comments.toxic[rows.numpy()]
        seen = [
            self._augmenter(
                comments.texts[row], comments.langs[row], bool(comments.toxic[row]), Random(f"{seed} {row}")
            )
            for row in rows.tolist()
        ]
        toxic = torch.tensor([now for _, now in seen]).long()
        # Nobody has said in which way a comment is toxic that has become so here.
        unchanged = (toxic == torch.from_numpy(before)).float()
        return self._tokens([text for text, _ in seen]) | {
            "toxic": toxic,
            "auxiliary": torch.from_numpy(comments.auxiliary)[rows],
            "known": torch.from_numpy(comments.known)[rows] * unchanged,
        }

    def _augmented(self, row: int, seed: int) -> tuple[str, bool]:
        comments = self._comments
        return self._augmenter(
            comments.texts[row], comments.langs[row], bool(comments.toxic[row]), Random(f"{seed} {row}")
        )
