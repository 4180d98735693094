"""The colours of lines can be told apart, by most eyes and on most backgrounds."""

from itertools import combinations

import numpy as np
import pytest

from cockpit.tui.palette import LINE_COLORS, line_color

# Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency (2009),
# severity 1.0, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "red-blind": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "green-blind": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "blue-blind": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Ottosson, A perceptual color space for image processing (2020)
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour):
    part = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(colour, background):
    """As WCAG 2 measures it."""
    luminances = sorted(linear(each) @ (0.2126, 0.7152, 0.0722) for each in (colour, background))
    return (luminances[1] + 0.05) / (luminances[0] + 0.05)


def test_there_are_eight_and_they_repeat():
    assert len(set(LINE_COLORS)) == 8
    assert all(colour == colour.lower() and len(colour) == 7 for colour in LINE_COLORS)
    assert line_color(9) == LINE_COLORS[1]


@pytest.mark.parametrize("eye", EYES)
def test_any_two_can_be_told_apart(eye):
    seen = np.clip(np.array([linear(colour) for colour in LINE_COLORS]) @ EYES[eye].T, 0, 1)
    lab = np.cbrt(seen @ TO_LMS.T) @ TO_LAB.T
    assert min(np.linalg.norm(one - other) for one, other in combinations(lab, 2)) >= 0.07


@pytest.mark.parametrize(("background", "least"), [("#121212", 3.0), ("#e0e0e0", 1.9)])
def test_all_are_seen_on_dark_and_on_light(background, least):
    assert min(contrast(colour, background) for colour in LINE_COLORS) >= least
