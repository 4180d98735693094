"""`cockpit new`: a trainer or a search of one's own, begun from a working example."""

from __future__ import annotations

import re
from pathlib import Path

import click

SEARCH = """\
# {question}
#
# Expected time: {expected}
# Command: cockpit sweep {name}

name: {name}
note: {question}
expected: {expected}
trainer: {trainer}
method: bayes
metric: {{name: {metric}, goal: {goal}}}

parameters:
  lr: {{distribution: log_uniform_values, min: 1e-5, max: 1e-2}}

# The reference: always trial t000, never stopped early, and every delta is against it.
baseline: {{lr: 1e-3}}

run_cap: 12
scheduler: asha
resources: {{cpu: 1}}
"""

CONFIG = '''\
"""What can be set in the {name} trainer."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import Trainer, TrainerConfig, option


@dataclass(frozen=True, kw_only=True)
class {title}Config(TrainerConfig):
    """A line fitted to points."""

    lr: float = option(0.1, "learning rate", low=0.0, steerable=True)
    points: int = option(64, "how many points there are", low=2)


TRAINER = Trainer(
    name="{name}",
    summary="fits a line to noisy points",
    config={title}Config,
    metrics={{"loss": "minimize"}},
    recipe="trainers.{name}:train",
    preload=("torch", "trainers.{name}"),
)
'''

RECIPE = '''\
"""The {name} trainer: fits a line to noisy points. Replace data, model and loss; keep the order of events."""

from __future__ import annotations

import sys
import time

import torch

from trainers.configs.{name} import {title}Config
from trainers.contract import Built, Eval, Events, Step
from trainers.devices.base import Device


def train(config: {title}Config, device: Device) -> Events:
    """One step per epoch over all points, and an evaluation after it."""
    device.seed(config.seed)
    x = torch.linspace(-1.0, 1.0, config.points, device=device.torch_device)
    y = 3.0 * x + 0.1 * torch.randn_like(x)
    slope = torch.zeros((), device=device.torch_device, requires_grad=True)
    optimizer = torch.optim.SGD([slope], lr=config.lr)

    steps = max(1, round(config.epochs))
    yield Built(effective={{"lr": optimizer.param_groups[0]["lr"], "points": len(x)}}, total_steps=steps)
    began = time.monotonic()
    for step in range(1, steps + 1):
        loss = (slope * x - y).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        device.step_end()
        (value,) = device.read([loss])  # waits for the device: the only place in the loop that does
        elapsed = time.monotonic() - began
        yield Step("train", step - 1, step, {{"loss": value, "lr": config.lr}}, elapsed)
        yield Eval("valid", step - 1, step, {{"loss": value}}, elapsed)


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("{name}"))
'''


@click.group(name="new")
def new() -> None:
    """Start a trainer or a search of your own from an example that runs."""


@new.command()
@click.argument("name")
@click.option("--trainer", default="matching", show_default=True, help="The trainer whose settings are searched.")
def search(name: str, trainer: str) -> None:
    """Write searches/NAME.yaml."""
    from trainers.registry import find

    metric, goal = next(iter(find(trainer).metrics.items()))
    question = "Which learning rate is best?"
    text = SEARCH.format(
        name=_checked(name), trainer=trainer, metric=metric, goal=goal, question=question, expected="a few minutes"
    )
    _write(Path("searches") / f"{name}.yaml", text)
    click.echo(f"Next: edit it, then `cockpit sweep {name} --dry-run`")


@new.command(short_help="Write a trainer and its settings, in a checkout.")
@click.argument("name")
def trainer(name: str) -> None:
    """Write trainers/NAME.py and trainers/configs/NAME.py, in a checkout of the project."""
    from trainers.contract import InputError

    if not Path("trainers/configs").is_dir():
        raise InputError("trainers/configs is not here; run this in the project's own folder")
    words = {"name": _checked(name), "title": name.title().replace("_", "")}
    _write(Path("trainers/configs") / f"{name}.py", CONFIG.format(**words))
    _write(Path("trainers") / f"{name}.py", RECIPE.format(**words))
    click.echo(f"Next: `python -m trainers.{name} --epochs 5`, then `cockpit new search my_{name} --trainer {name}`")


def _checked(name: str) -> str:
    from trainers.contract import InputError

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"{name}: use lower-case letters, digits and _, beginning with a letter")
    return name


def _write(path: Path, text: str) -> None:
    from trainers.contract import InputError

    if path.exists():
        raise InputError(f"{path} exists already; choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")
