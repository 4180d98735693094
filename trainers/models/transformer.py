"""A Transformer encoder (Vaswani et al. 2017) with the norm before each part and without dropout."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar


def sinusoids(length: int, width: int) -> Tensor:
    """Positions as waves, shape (length, width).

    sin(p / 10000^(2i/width)) at the even places 2i and the cosine of the same at the odd ones: Vaswani et al. 2017,
    section 3.5.
    """
    position = torch.arange(length, dtype=torch.float32).unsqueeze(1)
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    waves = torch.zeros(length, width)
    waves[:, 0::2] = torch.sin(position * rates)
    waves[:, 1::2] = torch.cos(position * rates[: width // 2])
    return waves


class Layer(nn.Module):
    """Self-attention and a feed-forward net, each added to what came in, which was normalised before."""

    def __init__(self, width: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width, eps=1e-6)
        self.attention = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.before_feed_forward = nn.LayerNorm(width, eps=1e-6)
        self.inner = nn.Linear(width, feed_forward)
        self.outer = nn.Linear(feed_forward, width)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """`states` (rows, length, width); `mask` (rows, 1, 1, length) is true where there is a word."""
        rows, length, width = states.shape
        split = self.attention(self.before_attention(states)).view(rows, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        states = states + self.attended(attended.transpose(1, 2).reshape(rows, length, width))
        result: Tensor = states + self.outer(F.relu(self.inner(self.before_feed_forward(states))))
        return result


class Encoder(nn.Module):
    """Layers and a last norm. Takes and returns states (rows, length, width)."""

    def __init__(self, width: int, layers: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, heads, feed_forward) for _ in range(layers))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.heads, self.feed_forward = heads, feed_forward

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        return {"layers": len(self.layers), "heads": self.heads, "feed_forward": self.feed_forward}

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        for layer in self.layers:
            states = layer(states, mask)
        result: Tensor = self.norm(states)
        return result


def initialise(module: nn.Module) -> None:
    """Xavier's uniform distribution for every matrix (Glorot and Bengio 2010), zeros for the vectors beside them.

    Query, key and value are three matrices, though one layer holds them.
    """
    for part in module.modules():
        if isinstance(part, Layer):
            for matrix in part.attention.weight.chunk(3):
                nn.init.xavier_uniform_(matrix)
        if isinstance(part, nn.Linear):
            if part.out_features != 3 * part.in_features:
                nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)
