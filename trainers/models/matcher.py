"""One embedding per posting from whatever is known about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trainers.losses.adacos import AdaCos
from trainers.losses.arcface import ArcFace


class Matcher(nn.Module):
    """Branches, each followed by batch norm and dropout, joined by a linear layer and batch norm.

    `branches` map an input's name to a module with a number of `features`. `forward` takes a batch with those inputs
    and returns embeddings (rows, `embedding`). It never sees labels: heads are a matter of training only.
    """

    def __init__(self, branches: Mapping[str, nn.Module], embedding: int, dropout: float) -> None:
        super().__init__()
        widths = {name: int(branch.features) for name, branch in branches.items()}  # type: ignore[arg-type]
        self.branches = nn.ModuleDict(branches)
        self.norms = nn.ModuleDict({name: nn.BatchNorm1d(width) for name, width in widths.items()})
        self.dropout = nn.Dropout(dropout)
        self.fusion = nn.Linear(sum(widths.values()), embedding, bias=False)
        self.norm = nn.BatchNorm1d(embedding)

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        features = [self.dropout(self.norms[name](branch(batch[name]))) for name, branch in self.branches.items()]
        embeddings: Tensor = self.norm(self.fusion(torch.cat(features, dim=1)))
        return embeddings

    def outputs(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All embeddings of a batch, each (rows, `embedding`): `fused` first, then what is embedded besides."""
        return {"fused": self(batch)}

    def encode_titles(self, titles: Sequence[str], length: int) -> Tensor:
        """Titles as the text branch wants them, shape (titles, length). Only for a matcher with a text branch."""
        ids: Tensor = self.branches["text"].encode(titles, length)  # type: ignore[operator]
        return ids


class MatchingNetwork(nn.Module):
    """Everything that is trained: what makes embeddings, and the head that is thrown away afterwards."""

    def __init__(self, matcher: Matcher, head: ArcFace | AdaCos) -> None:
        super().__init__()
        self.matcher = matcher
        self.head = head

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The loss of a batch that has a `label` per row."""
        loss: Tensor = self.head(self.matcher(batch), batch["label"])
        return loss

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Each branch by its name, and as `head` the fusion together with the loss head.

        A branch's batch norm belongs to the branch.
        """
        groups = {
            name: [*branch.parameters(), *self.matcher.norms[name].parameters()]
            for name, branch in self.matcher.branches.items()
        }
        fusion = [*self.matcher.fusion.parameters(), *self.matcher.norm.parameters()]
        return groups | {"head": [*fusion, *self.head.parameters()]}
