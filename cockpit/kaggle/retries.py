"""Asks again after trouble that passes. Only for calls that change nothing: the others are looked up instead."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cockpit.kaggle.errors import GarbledError, KaggleError, ServiceError, ThrottledError, UnreachableError

T = TypeVar("T")
PASSING = (GarbledError, ServiceError, ThrottledError, UnreachableError)


@dataclass(frozen=True)
class Retries:
    """Up to `attempts` in all. Waits double from `first` seconds on and differ by up to half; `Retry-After` is obeyed,
    unless it is longer than `longest` seconds: then the error is the caller's."""

    attempts: int = 4
    first: float = 1.0
    longest: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def __call__(self, ask: Callable[[], T]) -> T:
        for attempt in range(1, self.attempts):
            try:
                return ask()
            except PASSING as error:
                wait = self.wait(attempt, error)
                if wait > self.longest:
                    raise
            self.sleep(wait)
        return ask()

    def wait(self, attempt: int, error: KaggleError) -> float:
        """Seconds before the next attempt, the first being number 1."""
        if error.retry_after is not None:
            return error.retry_after + self.chance()
        return min(self.longest, self.first * 2.0 ** (attempt - 1)) * (0.5 + self.chance() / 2)
