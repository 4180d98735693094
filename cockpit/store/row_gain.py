"""How much better the best trial is than the baseline on the rows that both scored, as found at a sweep's end."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from cockpit.store.folder import RunFolder, is_trial_id
from cockpit.store.numbers import delta_text
from cockpit.store.summary import replace_file

FILE = "rows.json"


@dataclass(frozen=True)
class RowGain:
    """The gain of one run over another with its interval of 95 % over rows, or groups of them, drawn anew.

    That tells how far the choice of rows moves it, and nothing of what another seed would.
    """

    trial: str
    baseline: str
    rows: int
    groups: int
    gain: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """`over rows +0.0140 [+0.0011, +0.0270]`."""
        return f"over rows {delta_text(self.gain)} [{delta_text(self.low)}, {delta_text(self.high)}]"


def keep_row_gain(run: RunFolder, found: RowGain) -> None:
    """Replace what is known of the experiment. Raises `OSError`."""
    replace_file(run.path / FILE, json.dumps(asdict(found)))


def read_row_gain(run: RunFolder) -> RowGain | None:
    """What was kept; None where nothing was, or where it is damaged."""
    try:
        known = json.loads((run.path / FILE).read_bytes())
        found = RowGain(
            trial=str(known["trial"]),
            baseline=str(known["baseline"]),
            rows=int(known["rows"]),
            groups=int(known["groups"]),
            gain=float(known["gain"]),
            low=float(known["low"]),
            high=float(known["high"]),
        )
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    ends = (found.low, found.gain, found.high)
    is_sound = all(map(math.isfinite, ends)) and is_trial_id(found.trial) and is_trial_id(found.baseline)
    return found if is_sound else None
