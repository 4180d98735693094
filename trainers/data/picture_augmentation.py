"""Training pictures that are a little different each time. Probabilities and ranges are those of the notes' authors.

Pictures are uint8 arrays of shape (size, size, 3). Nothing here imports torch.
"""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HOW = ("none", "light", "full")
# Pictures to be cropped are so much larger than what is left of them.
MARGIN = 1.1

FLIP = 0.5
QUALITY = (99, 100)  # of JPEG
MOVE = 0.7  # how often shift, scale and rotation come, together
SHIFT, SCALE, TURN = 0.2, 0.2, math.radians(10.0)
CUT = 0.5
HOLE = 0.4  # of a side

Picture = NDArray[np.uint8]


def source_size(how: str, size: int) -> int:
    """How large pictures have to be to become pictures of `size`."""
    return size if how == "none" else math.ceil(MARGIN * size)


def augment(picture: Picture, size: int, how: str, random: np.random.Generator) -> Picture:
    """A picture of `size` from one of `source_size`.

    `light` mirrors half of them and crops anywhere. `full` also compresses as JPEG does, shifts, scales and turns by up
    to 20 %, 20 % and 10°, and cuts out a square hole of 40 % of a side.
    """
    if how == "none":
        return picture
    if random.random() < FLIP:
        picture = picture[:, ::-1]
    if how == "full":
        picture = _compress(picture, int(random.integers(QUALITY[0], QUALITY[1] + 1)))
        if random.random() < MOVE:
            picture = _move(picture, *(random.uniform(-1.0, 1.0, 4) * (SHIFT, SHIFT, SCALE, TURN)).tolist())
    room = len(picture) - size
    top, left = random.integers(0, room + 1, 2)
    picture = picture[top : top + size, left : left + size]
    if how == "full" and random.random() < CUT:
        picture = _cut(picture, random)
    return np.ascontiguousarray(picture)


def _compress(picture: Picture, quality: int) -> Picture:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as opened:
        return np.asarray(opened)


def _move(picture: Picture, right: float, down: float, larger: float, turn: float) -> Picture:
    """Shifted by shares of a side, scaled by 1 + `larger` and turned about the middle; beyond its edges it mirrors."""
    size = len(picture)
    pad = size // 2
    padded = Image.fromarray(np.pad(picture, ((pad, pad), (pad, pad), (0, 0)), mode="reflect"))
    # From places of the result to places of the padded picture.
    cos, sin = math.cos(turn) / (1 + larger), math.sin(turn) / (1 + larger)
    middle, x, y = size / 2, size / 2 + right * size, size / 2 + down * size
    matrix = (cos, sin, pad + middle - cos * x - sin * y, -sin, cos, pad + middle + sin * x - cos * y)
    moved = padded.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.asarray(moved)


def _cut(picture: Picture, random: np.random.Generator) -> Picture:
    size = len(picture)
    side = int(HOLE * size)
    top, left = random.integers(0, size - side + 1, 2)
    cut = picture.copy()
    cut[top : top + side, left : left + side] = 0
    return cut
