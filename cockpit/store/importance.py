"""`importance.json`: how much each parameter matters, kept so that the diary and the screen need not work it out.

The engine writes it when a sweep ends, and `cockpit importance` where it is missing or of other trials.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from cockpit.store.folder import RunFolder
from cockpit.store.rows import TrialRow
from cockpit.store.summary import replace_file

JUDGED = ("finished", "pruned", "diverged")  # the others ended for a reason that is not their configuration
LEAST_TRIALS = 4  # with a value; of fewer nothing is told


@dataclass(frozen=True)
class Importance:
    """Shares by parameter, largest first, 1 together; equal shares where they cannot be told, and `why`.

    `ranges` are the ends of the best trials' values, or for a parameter in `choices` the values themselves. `left_out`
    are trials whose configuration lies outside the space.
    """

    metric: str
    trials: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, list[Any]] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    why: str = ""


def read_importance(run: RunFolder, trials: Sequence[TrialRow] | None = None) -> dict[str, float] | None:
    """The kept shares by parameter, largest first; None where none are kept, or where they cannot be told.

    With `trials`, all of the experiment, also None where they are others than those that were weighed.
    """
    found = kept_importance(run, trials)
    return dict(found.shares) if found is not None and found.shares and not found.why else None


def kept_importance(run: RunFolder, trials: Sequence[TrialRow] | None = None) -> Importance | None:
    """What is kept, with everything that was told; None where there is nothing. `trials` as above."""
    try:
        kept = json.loads(run.importance.read_text(encoding="utf-8"))
        if trials is not None and kept["of"] != _mark(run, trials):
            return None
        return _importance(kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # anybody may have written the file
        return None


def keep_importance(run: RunFolder, trials: Sequence[TrialRow], found: Importance) -> None:
    """Keep what was found of these trials. Raises `OSError`."""
    replace_file(run.importance, json.dumps({"of": _mark(run, trials), **asdict(found)}, ensure_ascii=False))


def _importance(kept: Mapping[str, Any]) -> Importance:
    known = {each.name: kept[each.name] for each in fields(Importance)}
    shares = {str(name): float(share) for name, share in known["shares"].items()}
    ranges = {str(name): list(values) for name, values in known["ranges"].items()}
    texts = {name: tuple(map(str, known[name])) for name in ("choices", "left_out")}
    return Importance(str(known["metric"]), int(known["trials"]), shares, ranges, why=str(known["why"]), **texts)


def _mark(run: RunFolder, trials: Sequence[TrialRow]) -> str:
    """Differs where something differs on which the shares depend: a trial that was judged, or the space."""
    digest = hashlib.sha256()
    for part in _parts(run, trials):
        digest.update(part)
    return digest.hexdigest()[:16]


def _parts(run: RunFolder, trials: Sequence[TrialRow]) -> Iterator[bytes]:
    try:
        yield run.search.read_bytes()
    except OSError:
        pass  # the space is then made of the trials
    for trial in trials:
        if trial.status in JUDGED:
            yield json.dumps([trial.id, trial.status, trial.best, trial.config], default=str).encode()
