"""Distributions: what may be tried for one parameter, one small class for each kind of the W&B sweep schema."""

from cockpit.search.space.base import Distribution, Value
from cockpit.search.space.bounded import (
    InvLogUniformValues,
    LogUniformValues,
    QLogUniformValues,
    QUniform,
    Uniform,
)
from cockpit.search.space.discrete import Categorical, Constant, IntUniform, Weighted
from cockpit.search.space.shaped import Beta, LogNormal, Normal, QBeta, QLogNormal, QNormal

__all__ = [
    "Beta",
    "Categorical",
    "Constant",
    "Distribution",
    "IntUniform",
    "InvLogUniformValues",
    "LogNormal",
    "LogUniformValues",
    "Normal",
    "QBeta",
    "QLogNormal",
    "QLogUniformValues",
    "QNormal",
    "QUniform",
    "Uniform",
    "Value",
    "Weighted",
]
