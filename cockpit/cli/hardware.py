"""What the doctor says of devices: which work, which `auto` takes, and libraries that do not fit each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from cockpit.cli.finding import Finding
from cockpit.store.numbers import counted
from trainers.devices.autoload import TORCH_TPU, VARIABLE, installed_version
from trainers.devices.chips import has_chips

CHILD_SECONDS = 60
# What torch can do here, and what its automatic loading of back ends has done to it.
_ASK_TORCH = """
import json, sys
import torch
assert torch.ones(2).sum() == 2
from trainers.devices.automatic import look
print(json.dumps({
    "version": torch.__version__,
    "cards": [torch.cuda.get_device_name(card) for card in range(torch.cuda.device_count())],
    "mps": torch.backends.mps.is_available(),
    "loaded": [name for name in ("torch_tpu",) if name in sys.modules],
    "auto": look().text,
}))
"""
# Opening a TPU would take it from a trial that computes on it, so the libraries are imported and no more.
_ASK_XLA = "import torch_xla; print(torch_xla.__version__)"
_ASK_TPU = f"import os; os.environ['{VARIABLE}'] = '0'; import torch_tpu"


def hardware() -> Iterator[Finding]:
    """Libraries are tried in children: one that is broken or hangs must not take the doctor along."""
    yield Finding("cpu", "ok", counted(len(os.sched_getaffinity(0)), "core"))
    yield from _torch()
    yield from _xla()
    yield from _torch_tpu()


def _torch() -> Iterator[Finding]:
    tried = in_child("torch", _ASK_TORCH)
    if tried.level == "bad":
        hint = f"; torch loads torch_tpu by itself: try {VARIABLE}=0" if installed_version(TORCH_TPU) else ""
        yield tried._replace(says=tried.says + hint)
        return
    found = json.loads(tried.says)
    yield tried._replace(says=found["version"])
    cards = ", ".join(found["cards"])
    yield Finding("cuda works", "ok", cards) if cards else Finding("cuda", "note", "no GPU that this torch can use")
    yield Finding("mps", "ok" if found["mps"] else "note", "Metal" if found["mps"] else "no Metal here")
    yield Finding("device auto", "ok", found["auto"])
    if found["loaded"] and not has_chips():
        yield Finding(
            "torch_tpu",
            "bad",
            "`import torch` loads it, and there is no TPU here: it slows everything down and changes torch.compile; "
            f"uninstall it, or set {VARIABLE}=0, as trials have it",
        )


def _xla() -> Iterator[Finding]:
    found, torch = installed_version("torch_xla"), installed_version("torch")
    if not found:
        yield Finding("torch_xla", "note", "not installed; the extra `tpu` has it")
        return
    tried = in_child("torch_xla", _ASK_XLA)
    needed, has = _minor(found), _minor(torch)
    if needed != has:
        advice = f"torch_xla {found} works with torch {needed}, and torch {torch} is installed"
        reason = f"; importing it says: {tried.says}" if tried.level == "bad" else ""
        yield Finding("torch_xla", "bad", f'{advice}; run `pip install "torch=={needed}.*"` or remove it{reason}')
    else:
        yield tried


def _torch_tpu() -> Iterator[Finding]:
    if installed_version(TORCH_TPU):
        tried = in_child(TORCH_TPU, _ASK_TPU)
        yield tried if tried.level == "bad" else tried._replace(says=installed_version(TORCH_TPU))
    elif has_chips() and not installed_version("torch_xla"):
        yield Finding("torch_tpu", "bad", "there is a TPU, and nothing to use it with; the extra `torch-tpu` has it")
    else:
        yield Finding("torch_tpu", "note", "not installed; the extra `torch-tpu` has it")


def in_child(what: str, program: str) -> Finding:
    """What a program prints in a process of its own, or how it dies."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", program], capture_output=True, text=True, timeout=CHILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding(f"{what} works", "bad", f"no answer within {CHILD_SECONDS} s")
    if done.returncode != 0:
        last_line = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        return Finding(f"{what} works", "bad", last_line)
    return Finding(f"{what} works", "ok", (done.stdout.strip().splitlines() or [""])[-1])


def _minor(text: str) -> str:
    """`2.9` of `2.9.1+cpu`."""
    return ".".join(text.split(".")[:2])
