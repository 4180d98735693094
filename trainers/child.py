"""Answers one request: JSON on standard input, JSON on standard output, one line on standard error where it cannot."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from trainers.contract import InputError

Answer = dict[str, Any]


def answer(name: str, work: Callable[[Mapping[str, Any]], Answer]) -> int:
    """What `work` answers to the request. Returns 0, or 2 with one line that begins with `name`."""
    # What libraries print must not get between the answer's lines.
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        try:
            json.dump(work(json.load(sys.stdin)), out)
        except InputError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 2
    return 0
