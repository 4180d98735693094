"""Back ends that `import torch` loads by itself, because they are installed.

torch_tpu is one. Where there is no TPU it makes that import seconds slower, changes `torch.compile` and can hold up a
training on the CPU while it looks for a cloud; where there is one, a process that has loaded it cannot be forked into
processes that use the TPU. `TpuDevice` loads it when it is wanted, so nothing is lost by keeping it away before.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

VARIABLE = "TORCH_DEVICE_BACKEND_AUTOLOAD"
TORCH_TPU, TORCH_XLA = "torch_tpu", "torch_xla"


def is_installed(package: str) -> bool:
    """Whether it could be imported; nothing of it is run."""
    return importlib.util.find_spec(package) is not None


def installed_version(package: str) -> str:
    """The version of a package that is installed, such as `2.13.0+cpu`; empty where it is not."""
    from importlib.metadata import PackageNotFoundError, version  # takes longer than the start of a program may

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def prevention(environment: Mapping[str, str]) -> dict[str, str]:
    """What keeps torch from loading torch_tpu in a process with this environment; empty where nothing has to."""
    if VARIABLE in environment or not is_installed(TORCH_TPU):
        return {}
    return {VARIABLE: "0"}


@contextmanager
def kept_away() -> Iterator[None]:
    """Torch may be imported within and does not load torch_tpu; those that this process starts later are free to."""
    added = prevention(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
