"""Child of `audio`: turns wav files into spectrograms, with nothing kept, from a cache on disk, and from memory.

`python -m tests.bench.audio_features FOLDER MINUTES` leaves seconds of sound a second of each round, and how many
files were decoded in the first pass and in those after it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from trainers.data.cache import Cache
from trainers.data.log_mel import LogMel
from trainers.data.mel import MelSettings
from trainers.data.spectrogram_cache import SpectrogramCache
from trainers.data.spectrograms import MEMORY_BYTES, Spectrograms

from .child import leave_result

SETTINGS = MelSettings(rate=44_100, n_fft=1_764, hop=220, mels=64, db_low=-10.0, db_high=120.0)
SECONDS = 10  # of each file
THREADS = 1  # the target is for two cores, and one of them is enough
ROUNDS = 3


def write_files(folder: Path, minutes: int) -> list[Path]:
    random = np.random.default_rng(0)
    paths = [folder / f"{number:03d}.wav" for number in range(minutes * 60 // SECONDS)]
    for path in paths:
        soundfile.write(path, random.normal(scale=0.1, size=SECONDS * SETTINGS.rate), SETTINGS.rate)
    return paths


def rate(spectrograms: Spectrograms) -> float:
    began = time.perf_counter()
    for row in range(len(spectrograms)):
        np.array(spectrograms[row])
    return len(spectrograms) * SECONDS / (time.perf_counter() - began)


def main() -> None:
    folder, minutes = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(THREADS)
    paths, log_mel = write_files(folder, minutes), LogMel(SETTINGS)
    decoded: list[Any] = []
    read = soundfile.read
    soundfile.read = lambda path, **how: decoded.append(path) or read(path, **how)
    result: dict[str, list[float]] = {"first": [], "again": [], "memory": []}
    for _ in range(ROUNDS):
        result["first"].append(rate(Spectrograms(paths, log_mel, None, memory_bytes=0)))
    decoded.clear()
    cache = SpectrogramCache(Cache(folder / "cache"), SETTINGS)
    rate(Spectrograms(paths, log_mel, cache, memory_bytes=0))
    first_pass = len(decoded)
    for _ in range(ROUNDS):
        kept = Spectrograms(paths, log_mel, cache, MEMORY_BYTES)
        result["again"].append(rate(kept))
        result["memory"].append(rate(kept))
    again = len(decoded) - first_pass
    leave_result(folder, **result, threads=THREADS, decoded=first_pass, decoded_again=again)


if __name__ == "__main__":
    main()
