"""Child of `loop`: trains the sentence network in three loops that take turns, the same batch at every step.

`python -m tests.bench.loops FOLDER STEPS` leaves the seconds of each step of ours (as in a trial, with records and
norms), of a bare loop, and of the Hugging Face Trainer where it is installed, which logs every step; and what ours
spent beside the step itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from cockpit.engine.recorder import Recorder
from cockpit.events.writer import EventWriter
from trainers import loop, sentences
from trainers.configs.sentences import SentencesConfig
from trainers.contract import Step
from trainers.data.batches import Batch
from trainers.data.corpus import load_texts, split_corpus
from trainers.data.paragraph_batches import ParagraphBatches
from trainers.data.word_batches import WordBatches
from trainers.data.word_features import WordFeatures
from trainers.devices.cpu import CpuDevice
from trainers.models.sentence_network import SentenceNetwork
from trainers.schedule import Schedule

from .child import is_installed, leave_result
from .encoder import THREADS

WARM_UP = 3
LEARNING_RATE = 1e-4


class Bench:
    """A network for each loop, all alike, and the batch that all see."""

    def __init__(self, folder: Path, steps: int) -> None:
        self.config = SentencesConfig(epochs=1, norms_every=10)
        config = self.config
        self.words = WordBatches(WordFeatures(config.features, config.ngrams), config.words)
        corpus = split_corpus(load_texts(""), config.min_sentences, config.folds, config.fold)
        order = torch.Generator().manual_seed(0)
        made = ParagraphBatches(corpus.train, config.batch_size, order, self.words)
        self.batch: Batch = next(iter(made))
        self.steps = steps + WARM_UP
        self.folder = folder
        self.inside = 0.0  # seconds that our loop's present step spends on loss, backward pass and optimizer

    def network(self) -> SentenceNetwork:
        torch.manual_seed(0)
        return sentences._network(self.config, self.words)

    def bare(self) -> Iterator[None]:
        """A loop as short as one can write it."""
        network = self.network()
        optimizer = Adam(network.parameters(), lr=LEARNING_RATE)
        while True:
            optimizer.zero_grad()
            network(self.batch)["loss"].backward()
            optimizer.step()
            yield

    def ours(self) -> Iterator[None]:
        """The loop of the trainers, and what a trial does with its events."""
        network = self.network()
        groups = network.parameter_groups()
        optimizer = Adam([{"params": params} for params in groups.values()], lr=LEARNING_RATE)
        self._time_inside(optimizer)

        def loss(batch: Batch) -> dict[str, Tensor]:
            found: dict[str, Tensor] = {}
            self._timed(lambda: found.update(network(batch)))
            backward = found["loss"].backward
            found["loss"].backward = lambda: self._timed(backward)  # type: ignore[method-assign]
            return found

        task = loop.Task(
            model=network,
            optimizer=optimizer,
            groups=tuple(groups),
            schedule=Schedule(optimizer, tuple(groups)),
            batches=[self.batch] * self.steps,
            order=torch.Generator(),
            loss=loss,
            evaluate=dict,
            main_metric="loss",
            goal="minimize",
            effective={},
        )
        request: Any = SimpleNamespace(path=self.folder, trainer="sentences", config={}, checkpoint="")
        channel: Any = SimpleNamespace(pending=list, send=print)
        recorder = Recorder(EventWriter(self.folder / "events.jsonl"), channel, request, seed=0)
        for event in loop.run(task, self.config, CpuDevice()):
            if isinstance(event, Step):
                recorder.record(event)
                yield

    def _time_inside(self, optimizer: Adam) -> None:
        step: Callable[[], object] = optimizer.step
        optimizer.step = lambda: self._timed(step)  # type: ignore[assignment,method-assign]

    def _timed(self, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        self.inside += time.perf_counter() - began


class Forward(nn.Module):
    """The network in the words of the Trainer."""

    def __init__(self, network: SentenceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, **batch: Tensor) -> dict[str, Tensor]:
        found: dict[str, Tensor] = self.network(batch)
        return {"loss": found["loss"]}


def in_turns(bench: Bench) -> tuple[Callable[[], None], dict[str, list[float]]]:
    """Something that makes one step of our loop and one of the bare one, and their seconds."""
    result: dict[str, list[float]] = {"ours": [], "bare": [], "spent": []}
    running = {"ours": bench.ours(), "bare": bench.bare()}

    def turn() -> None:
        for name, steps in running.items():
            bench.inside = 0.0
            began = time.perf_counter()
            next(steps)
            result[name].append(time.perf_counter() - began)
            if name == "ours":
                result["spent"].append(result[name][-1] - bench.inside)

    return turn, result


def with_trainer(bench: Bench, turn: Callable[[], None]) -> list[float]:
    """Runs the Trainer, with a turn of the others after each of its steps. Returns the seconds of its own."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    seconds: list[float] = []

    class Turns(TrainerCallback):  # type: ignore[misc]
        left = 0.0

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.left = self.left or time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            seconds.append(time.perf_counter() - self.left)
            turn()
            self.left = time.perf_counter()

    arguments = TrainingArguments(
        output_dir=str(bench.folder / "trainer"),
        per_device_train_batch_size=1,
        max_steps=bench.steps,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        remove_unused_columns=False,
    )
    model = Forward(bench.network())
    optimizer = Adam(model.parameters(), lr=LEARNING_RATE)
    Trainer(
        model=model,
        args=arguments,
        train_dataset=[bench.batch] * bench.steps,
        data_collator=lambda rows: dict(rows[0]),
        optimizers=(optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)),
        callbacks=[Turns()],
    ).train()
    return seconds


def main() -> None:
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(THREADS)
    bench = Bench(folder, steps)
    turn, result = in_turns(bench)
    if is_installed("accelerate"):
        result["theirs"] = with_trainer(bench, turn)
    else:
        for _ in range(bench.steps):
            turn()
    leave_result(folder, **{name: values[WARM_UP:] for name, values in result.items()})


if __name__ == "__main__":
    main()
