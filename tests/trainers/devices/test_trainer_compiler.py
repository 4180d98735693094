"""Torch's compiler stays away until it is asked for; each case in a process of its own, which has not loaded it."""

from __future__ import annotations

import subprocess
import sys

import pytest

TRAIN = """
import sys
import torch
from trainers.devices.cpu import CpuDevice

CpuDevice().setup(1)
weight = torch.nn.Parameter(torch.tensor([2.0]))
optimizer = torch.optim.AdamW([weight], lr=0.5, weight_decay=0.0)
optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
torch.optim.lr_scheduler.StepLR(optimizer, 1)
optimizer.zero_grad()
(weight**2).sum().backward()
optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
assert abs(weight.item() - 1.5) < 1e-6
loaded = lambda: "torch._dynamo.eval_frame" in sys.modules
assert not loaded()
"""
USES = {
    "nothing": "import inspect; inspect.getsource(torch.nn.Linear); assert not loaded()",
    "all": """
import torch._dynamo.config
assert torch._dynamo.config.recompile_limit > 0 and loaded()
from torch._dynamo import OptimizedModule
assert isinstance(torch.compile(torch.nn.Linear(1, 1), backend="eager"), OptimizedModule)
torch.compile(backend="eager")(lambda: optimizer.step())()
""",
}


@pytest.mark.parametrize("use", USES)
def test_training_does_not_load_it_and_whoever_uses_it_gets_all_of_it(use: str) -> None:
    done = subprocess.run([sys.executable, "-c", TRAIN + USES[use]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
