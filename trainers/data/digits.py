"""Scikit-learn's handwritten digits as a product-matching problem that needs no download.

A product is one digit as somebody once wrote it; its postings are pictures of it, each a little turned, sheared,
moved and dimmed as photos of one thing are. So groups are many and small and validation has groups that no training has
seen, as in a shop. The pictures are from Alpaydin and Kaynak (1998), 8 × 8 pixels in 17 grey levels.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.products import Products

GROUPS = 300
SMALLEST, LARGEST = 2, 8  # postings of one group
SIZE = 16  # pixels of a picture, twice those of the original
SEED = 2021

TURN = math.radians(10.0)
SHEAR = 0.1
ZOOM = 0.08
SHIFT = 0.8  # pixels
NOISE = 0.03
DIMMEST = 0.6

Picture = NDArray[np.float64]


def digits() -> Products:
    """About 1,500 postings in 300 groups, always the same ones; titles are empty."""
    from scipy.ndimage import zoom

    originals = _originals()
    generator = np.random.default_rng(SEED)
    ids, groups, pictures = [], [], []
    for number in generator.permutation(len(originals))[:GROUPS]:
        original = zoom(originals[number] / 16.0, SIZE / 8, order=1)
        for posting in range(generator.integers(SMALLEST, LARGEST + 1)):
            ids.append(f"digit_{number:04d}_{posting}")
            groups.append(f"{number:04d}")
            pictures.append(_photographed(original, generator))
    return Products(posting_ids=ids, images=pictures, titles=[""] * len(ids), label_groups=groups)


def _originals() -> Picture:
    """What `sklearn.datasets.load_digits` gives as images, shape (1797, 8, 8), from 0 to 16.

    Read from scikit-learn's file, because importing it takes longer than an epoch on the pictures.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise InputError("the built-in digits are scikit-learn's, which is not installed; give a data folder instead")
    table = np.loadtxt(Path(package.origin).with_name("datasets") / "data" / "digits.csv.gz", delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8)


def _photographed(original: Picture, generator: np.random.Generator) -> NDArray[np.uint8]:
    """One picture of a digit, shape (16, 16), uint8."""
    from scipy.ndimage import affine_transform

    turn, shear, scale = generator.uniform(-1, 1, 3) * (TURN, SHEAR, ZOOM)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = rotation @ np.array([[1 / (1 + scale), shear], [0.0, 1 / (1 + scale)]])
    centre = np.full(2, (SIZE - 1) / 2)
    offset = centre - matrix @ centre + generator.uniform(-SHIFT, SHIFT, 2)
    moved = affine_transform(original, matrix, offset=offset, order=1)
    lit = moved * generator.uniform(DIMMEST, 1.0) + generator.normal(0.0, NOISE, moved.shape)
    levels: NDArray[np.uint8] = np.round(np.clip(lit, 0.0, 1.0) * 255).astype(np.uint8)
    return levels
