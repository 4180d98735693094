"""The kinds of hardware, by the names that people give them. Loads nothing."""

from __future__ import annotations

AUTO, CPU, CUDA, MPS, XLA, TPU = "auto", "cpu", "cuda", "mps", "xla", "tpu"
# What `--device` takes: `tpu` is any TPU, `xla` whatever torch_xla computes on, which PJRT_DEVICE says.
CHOICES = (AUTO, CPU, CUDA, MPS, XLA, TPU)
NONE = "none"  # for what computes without torch
