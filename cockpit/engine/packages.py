"""Which packages are installed, told by the names of their folders: reading all their metadata takes far longer."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

# What may change the numbers, or how they are found.
TOLD = (
    "accelerate", "cockpit-ml", "datasets", "flash-attn", "jax", "jaxlib", "keras", "librosa", "lightgbm", "lightning",
    "numpy", "optuna", "pandas", "peft", "pillow", "pytorch-lightning", "ray", "scikit-learn", "scipy", "sentencepiece",
    "tensorflow", "timm", "tokenizers", "torch", "torch-xla", "torchaudio", "torchvision", "transformers", "triton",
    "xgboost",
)  # fmt: skip


def installed() -> dict[str, str]:
    """The version of every package that Python finds, by its name in small letters with hyphens, sorted."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - names are enough
        except OSError:
            continue
        for name in names:
            stem, dot, kind = name.rpartition(".")
            if kind in ("dist-info", "egg-info") and dot:
                package, _, version = stem.partition("-")
                # The first one on the path is the one that is imported.
                found.setdefault(re.sub(r"[-_.]+", "-", package).lower(), version.partition("-py")[0])
    return dict(sorted(found.items()))


def versions(packages: Mapping[str, str]) -> dict[str, str]:
    """Those of packages that matter for results."""
    return {name: packages[name] for name in TOLD if packages.get(name)}


def freeze_text(packages: Mapping[str, str]) -> str:
    """As `pip freeze` would print them."""
    return "".join(f"{name}=={version}\n" for name, version in packages.items())
