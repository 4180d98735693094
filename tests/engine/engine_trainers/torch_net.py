"""Trains a small net in a process forked from a parent that has imported torch, and reports its threads."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import Built, Eval, Events, Step, Trainer, TrainerConfig, option
from trainers.devices.base import Device


@dataclass(frozen=True, kw_only=True)
class NetConfig(TrainerConfig):
    lr: float = option(0.1, "learning rate", low=0.0)


def train(config: NetConfig, device: Device) -> Events:
    import torch
    from threadpoolctl import threadpool_info

    device.seed(config.seed)
    # Large enough for torch to share the work among threads.
    net = torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=config.lr)
    inputs = torch.randn(512, 512)
    yield Built(effective={"lr": config.lr, "seed": config.seed}, total_steps=3)
    for step in range(1, 4):
        loss = net(inputs).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield Step("train", 0, step, {"loss": loss.item()}, 0.0)
    pools = [pool["num_threads"] for pool in threadpool_info()]
    threads = {"threads": torch.get_num_threads(), "most_in_a_pool": max(pools), "pools": len(pools)}
    yield Eval("valid", 0, 3, {"loss": loss.item(), **threads}, 0.0)


TRAINER = Trainer(
    name="torch_net",
    summary="a small net that reports its threads",
    config=NetConfig,
    metrics={"loss": "minimize"},
    recipe="engine_trainers.torch_net:train",
    preload=("torch",),
)
