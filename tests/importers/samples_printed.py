"""Printed logs of tools, written as those tools write them; `logs/` has those with long lines."""

import gzip
from pathlib import Path

from importers.samples import file_sample

LOOP = "".join(f"epoch {e} step {10 * s} loss: {1 / (s + e + 1):.4f}\n" for e in range(2) for s in range(3))
STARTS = "".join(
    f"--- Starting trial: run-{n}\n{{'units': {16 + n}, 'dropout': 0.1}}\nstep 1 loss 0.5\nval acc: 0.{n + 5}\n"
    for n in range(3)
)
UNKNOWN = "".join(f"tick {n} energy {1 / (n + 1):.3f} volume {n * 0.5:.2f}\n" for n in range(5))
KERAS = "Epoch 1/2\n" + "".join(
    f"\r{n}/3 [====>....] - ETA: 0s - loss: 0.{9 - n}"
    if n < 3
    else f"\r3/3 [====] - 1s - loss: 0.6 - val_loss: 0.{7 - e}\n"
    for e in range(2)
    for n in range(1, 4)
).replace("\n\r1/3", "\nEpoch 2/2\n\r1/3", 1)

LOGS = {  # steps and evaluations
    "timm": (5, 4), "mmdetection": (3, 2), "mmengine": (2, 1), "detectron2": (2, 0), "fairseq": (4, 2),
    "fairseq_json": (3, 1), "nanogpt": (6, 2), "ultralytics": (2, 2), "lightning": (8, 2), "xgboost": (10, 10),
    "lightgbm": (0, 4), "catboost": (3, 3), "chainer": (3, 3), "espnet": (3, 1), "kaldi": (5, 0), "skorch": (2, 2),
    "torchvision": (2, 2), "imagenet": (2, 2), "hugging_face": (2, 1), "spacy": (3, 3),
}  # fmt: skip


def printed(name, content, steps, evaluations, runs=1):
    return file_sample("printed", name, f"{name}.log", content, runs=runs, steps=steps, evaluations=evaluations)


def kept(name):
    return (Path(__file__).parent / "logs" / f"{name}.log").read_bytes()


SAMPLES = [
    printed("loop", LOOP, 6, 0),
    printed("starts", STARTS, 3, 3, runs=3),
    printed("shapes", UNKNOWN, 5, 0),
    printed("keras", KERAS, 6, 2),
    printed("fastai", kept("fastai"), 3, 3, runs=2),
    *(printed(name, kept(name), *counts) for name, counts in LOGS.items()),
    printed("utf16", ("\ufeff" + LOOP).encode("utf-16-le"), 6, 0),
    printed("returns", LOOP.replace("\n", "\r"), 6, 0),
    printed("windows", LOOP.replace("\n", "\r\n"), 6, 0),
    printed("zeros", LOOP.replace(" loss", "\0 loss"), 6, 0),
    printed("packed", gzip.compress(LOOP.encode(), mtime=0), 6, 0),
]
