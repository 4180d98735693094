"""Asks a process that loads torch a question: JSON goes in and JSON comes out, see `trainers.child`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line
from trainers.contract import InputError
from trainers.devices.autoload import prevention


class ChildDiedError(InputError):
    """The process ended without a word of its own: killed, or by an error of what it ran."""


def ask(module: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """What `python -m MODULE` answers. Raises `InputError` with its complaint, or `ChildDiedError` with how it died."""
    with start(module) as child:
        try:
            out, said = child.communicate(json.dumps(request))
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        last = (said.strip().splitlines() or [f"it ended with {child.returncode}"])[-1]
        begins = f"{module.rpartition('.')[2]}: "
        kind = InputError if last.startswith(begins) else ChildDiedError
        raise kind(one_line(last, 300).removeprefix(begins))
    answer: dict[str, Any] = json.loads(out)
    return answer


def start(module: str) -> subprocess.Popen[str]:
    """`python -m MODULE` with pipes, finding modules with trainers where this process finds them."""
    path = os.pathsep.join([folder for folder in map(os.path.abspath, sys.path) if Path(folder).is_dir()])
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **prevention(os.environ), "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"},
    )
