"""The identity of an effective configuration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest_of(trainer: str, effective: Mapping[str, Any], total_steps: int, seed: int) -> str:
    """Twelve hex digits; equal for two trials that really train the same thing, whatever their labels say."""
    text = json.dumps([trainer, effective, total_steps, seed], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
