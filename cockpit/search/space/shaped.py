"""Normal, log-normal and beta distributions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar

from cockpit.search.space.base import Distribution, Value, is_multiple, is_number, quantise

TAIL = 0.001


def _normal(mu: float, sigma: float, u: float) -> float:
    # Not NormalDist(mu, sigma): a sigma of 0 is allowed here, and means mu.
    return mu + sigma * NormalDist().inv_cdf(u)


def _beta(a: float, b: float, u: float) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(a, b, u))


@dataclass(frozen=True)
class _Gaussian(Distribution):
    mu: float = 0.0
    sigma: float = 1.0

    def contains(self, value: Value) -> bool:
        return is_number(value)

    def ends(self) -> list[tuple[str, Value]]:
        return [("", self.sample(TAIL)), ("", self.sample(1.0 - TAIL))]

    def whole(self) -> bool:
        return False


@dataclass(frozen=True)
class _QuantisedGaussian(_Gaussian):
    q: int | float = 1

    def contains(self, value: Value) -> bool:
        return is_number(value) and is_multiple(value, self.q)

    def whole(self) -> bool:
        return self.q == int(self.q)


@dataclass(frozen=True)
class Normal(_Gaussian):
    """Mean `mu`, standard deviation `sigma`."""

    kind: ClassVar[str] = "normal"

    def sample(self, u: float) -> float:
        return _normal(self.mu, self.sigma, u)


@dataclass(frozen=True)
class QNormal(_QuantisedGaussian):
    """`Normal`, rounded to multiples of `q`."""

    kind: ClassVar[str] = "q_normal"

    def sample(self, u: float) -> int | float:
        return quantise(_normal(self.mu, self.sigma, u), self.q)


@dataclass(frozen=True)
class LogNormal(_Gaussian):
    """Numbers whose natural logarithm has mean `mu` and standard deviation `sigma`."""

    kind: ClassVar[str] = "log_normal"

    def sample(self, u: float) -> float:
        return math.exp(_normal(self.mu, self.sigma, u))

    def contains(self, value: Value) -> bool:
        return is_number(value) and value > 0


@dataclass(frozen=True)
class QLogNormal(_QuantisedGaussian):
    """`LogNormal`, rounded to multiples of `q`."""

    kind: ClassVar[str] = "q_log_normal"

    def sample(self, u: float) -> int | float:
        return quantise(math.exp(_normal(self.mu, self.sigma, u)), self.q)

    def contains(self, value: Value) -> bool:
        return super().contains(value) and value >= 0


@dataclass(frozen=True)
class Beta(Distribution):
    """Between 0 and 1, with the shape parameters `a` and `b`."""

    kind: ClassVar[str] = "beta"
    a: float = 1.0
    b: float = 1.0

    def sample(self, u: float) -> float:
        return _beta(self.a, self.b, u)

    def contains(self, value: Value) -> bool:
        return is_number(value) and 0 <= value <= 1

    def ends(self) -> list[tuple[str, Value]]:
        return [("", 0.0), ("", 1.0)]

    def whole(self) -> bool:
        return False


@dataclass(frozen=True)
class QBeta(Distribution):
    """`Beta`, rounded to multiples of `q`."""

    kind: ClassVar[str] = "q_beta"
    a: float = 1.0
    b: float = 1.0
    q: int | float = 1

    def sample(self, u: float) -> int | float:
        return quantise(_beta(self.a, self.b, u), self.q)

    def contains(self, value: Value) -> bool:
        return is_number(value) and 0 <= value <= quantise(1.0, self.q) and is_multiple(value, self.q)

    def ends(self) -> list[tuple[str, Value]]:
        return [("", quantise(0.0, self.q)), ("", quantise(1.0, self.q))]

    def whole(self) -> bool:
        return self.q == int(self.q)
