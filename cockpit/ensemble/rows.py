"""The best trial of a search against its baseline, on the held-out rows that both of them scored."""

from __future__ import annotations

import math

from cockpit.ensemble.crossfit import paired_gain
from cockpit.ensemble.members import align, read_member
from cockpit.ensemble.scoring import METRICS
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.row_gain import RowGain

LEAST_ROWS = 10


def row_gain(run: RunFolder, trial: str, baseline: str) -> RowGain | None:
    """The gain over rows drawn anew; None where one of the two kept no predictions, or they do not fit together."""
    try:
        aligned = align([read_member(run.path.parent, f"{run.id}/{name}") for name in (trial, baseline)])
    except FolderError:
        return None
    score, groups = METRICS.get(aligned.metric), len(set(aligned.clusters.tolist()))
    if score is None or len(aligned.ids) < LEAST_ROWS:
        return None
    own, other = aligned.scores
    found = paired_gain(aligned.labels, own, other, aligned.clusters, score)
    if math.isnan(found.low):
        return None
    return RowGain(trial, baseline, len(aligned.ids), groups, found.value, found.low, found.high)
