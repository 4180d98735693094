"""Child of `norms`: trains a transformer encoder of twelve million parameters, with and without norms in turns.

`python -m tests.bench.encoder FOLDER STEPS` leaves the seconds of each step and of what was measured within it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from trainers.devices.cpu import CpuDevice
from trainers.grad_norms import NormTable

from .child import leave_result

THREADS = 2
VOCABULARY, WIDTH, HEADS, LAYERS = 3_500, 384, 6, 6  # 12.0 million parameters
BATCH, TOKENS = 16, 128
WARM_UP = 1


class Encoder(nn.Module):
    """An embedding, six layers, and a head that predicts the token itself."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, dropout=0.0, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, LAYERS)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = self.layers(self.embedding(tokens))
        return nn.functional.cross_entropy((hidden @ self.embedding.weight.T).flatten(0, 1), tokens.flatten())


class Watch:
    """One way of watching a step: something after the backward pass, something after the optimizer's step.

    `spent` is the time it took, so that it can be told from the step's own.
    """

    def __init__(self, before: Callable[[], object], after: Callable[[], object]) -> None:
        self.spent = 0.0
        self.before = self.timed(before)
        self.after = self.timed(after)

    def timed(self, work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            began = time.perf_counter()
            work()
            self.spent += time.perf_counter() - began

        return run


class Hooks:
    """A hook on each parameter's gradient, and every number fetched at once, as experiment trackers do it."""

    def __init__(self, model: nn.Module) -> None:
        self.numbers: list[float] = []
        self.on = False
        self.watch = Watch(lambda: None, lambda: [self._fetch(param) for param in model.parameters()])
        for param in model.parameters():
            param.register_hook(self._on_gradient)

    def _on_gradient(self, gradient: Tensor) -> None:
        if self.on:
            self.watch.timed(lambda: self._fetch(gradient))()

    def _fetch(self, tensor: Tensor) -> None:
        self.numbers.append(tensor.detach().norm().item())


class Bench:
    """A model, its optimizer, and one step of training."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = Encoder()
        decayed = [param for param in self.model.parameters() if param.dim() > 1]
        others = [param for param in self.model.parameters() if param.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4)
        self.groups = NormTable(self.optimizer, ("decay", "no_decay"), self.model)
        self.layers = NormTable(self.optimizer, ("decay", "no_decay"), self.model, "layers")
        self.rows: list[int] = []
        self.tokens = torch.randint(VOCABULARY, (BATCH, TOKENS))
        self.hooks = Hooks(self.model)

    def step(self, watch: Watch) -> tuple[float, float]:
        """Seconds of the step and of the watching in it."""
        watch.spent = 0.0
        self.hooks.on = watch is self.hooks.watch
        began = time.perf_counter()
        loss = self.model(self.tokens)
        self.optimizer.zero_grad()
        loss.backward()
        watch.before()
        self.optimizer.step()
        watch.after()
        return time.perf_counter() - began, watch.spent

    def watched(self, table: NormTable) -> Watch:
        """All that a norm table costs: also bringing its numbers to the host and making rows of them."""
        return Watch(table.before, lambda: self.rows.append(len(table.unpack(CpuDevice().read(table.after())))))


def main() -> None:
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(THREADS)
    bench = Bench()
    ways = {
        "plain": Watch(lambda: None, lambda: None),
        "groups": bench.watched(bench.groups),
        "hooks": bench.hooks.watch,
        "layers": bench.watched(bench.layers),
    }
    result: dict[str, Any] = {name: [] for way in ways for name in (way, f"{way}_cost")}
    for number in range(WARM_UP + steps):
        for name, watch in ways.items():  # one step of each, again and again, so that drift hits all alike
            took, spent = bench.step(watch)
            if number >= WARM_UP:
                result[name].append(took)
                result[f"{name}_cost"].append(spent)
    leave_result(folder, **result, rows=max(bench.rows))


if __name__ == "__main__":
    main()
