"""Product matching by vote, without training: several models' embeddings, several outputs of each, two distances.

Every voter is one output of one member with one distance and one threshold, and says of each pair of postings whether
they are one product; what enough of them say counts. With four members, three outputs and two distances these are 24
thresholds and the number of votes: a search over 25 numbers in which a trial takes some milliseconds, because
similarities do not depend on any of them.

Embeddings count as unit vectors, so a distance and a cosine tell the same; a second threshold on it makes a member's
vote one of degrees, from none over one to two votes. Only the 50 nearest postings of each, in any output, can match.
"""

from __future__ import annotations

import csv
import io
import sys
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainers.configs.vote import VoteConfig
from trainers.contract import Built, CheckpointError, Eval, Events, Saved, Scalar
from trainers.data.voters import Voters, load_voters
from trainers.devices.base import Device
from trainers.files import write_atomically
from trainers.metrics.accuracy import mean_interval
from trainers.metrics.match_scores import MatchScores
from trainers.metrics.votes import Ballot, cosine_of, matches_of, scores_of, vote

FILE, LABEL = "matches.csv", "matches"


def train(config: VoteConfig, device: Device) -> Events:
    """The recipe: voters, their votes, one evaluation, and the matches as a submission has them."""
    if config.resume:
        raise CheckpointError(f"{config.resume}: nothing is trained here, so start over without resume")
    voters = load_voters(config.data)
    thresholds = {
        name: least for number, output in voters.outputs for name, least in _least(config, number, output).items()
    }
    needed = min(config.votes or len(thresholds) // 2 + 1, max(1, len(thresholds)))
    yield Built(_effective(config, voters, thresholds, needed), total_steps=0)

    began = time.monotonic()
    place = {output: row for row, output in enumerate(voters.outputs)}
    chosen = [(place[member, output], least) for (member, output, _), least in thresholds.items()]
    ballot = vote(voters, chosen, needed, config.min_matches)
    scores = scores_of(voters, ballot)
    apart = _apart(voters, config.held_out)
    yield Eval("valid", 0, 0, _metrics(scores, voters.groups, apart), time.monotonic() - began)
    if config.out:
        path = _write(Path(config.out) / FILE, voters, ballot)
        yield Saved(str(path), 0, LABEL)


def _least(config: VoteConfig, member: int, output: str) -> dict[tuple[int, str, str], float]:
    """The least cosine at which each of the voters on an output votes; a silenced one is left out."""
    found = config.thresholds(member, output)
    least: dict[tuple[int, str, str], float] = {}
    if found.cosine is not None:
        least[member, output, "cosine"] = found.cosine
    if found.euclid is not None:
        least[member, output, "euclid"] = cosine_of(found.euclid)
    return least


def _effective(
    config: VoteConfig, voters: Voters, thresholds: Mapping[tuple[int, str, str], float], needed: int
) -> dict[str, Scalar]:
    """What really votes: thresholds of voters that the data do not have are not among them."""
    settings: dict[str, Scalar] = {"votes": needed, "min_matches": config.min_matches, "held_out": config.held_out}
    settings |= {f"m{number}": name for number, name in enumerate(voters.members, start=1)}
    for member, output, distance in thresholds:
        settings[f"m{member + 1}.{output}.{distance}"] = getattr(config.thresholds(member, output), distance)
    return settings | {
        "voters": len(thresholds),
        "rows": len(voters.ids),
        "dropped": voters.dropped,
        "pairs": len(voters.first),
        "data": _fingerprint(voters),
    }


def _fingerprint(voters: Voters) -> str:
    """Eight hexadecimal digits that differ for other postings, groups or similarities."""
    checksum = zlib.crc32(np.ascontiguousarray(voters.ids).tobytes() + np.ascontiguousarray(voters.groups).tobytes())
    return f"{zlib.crc32(np.ascontiguousarray(voters.typical).tobytes(), checksum):08x}"


def _apart(voters: Voters, share: float) -> NDArray[np.bool_]:
    """The rows of groups that are not ranked by, shape (rows,); the same groups whatever else is set."""
    names, number = np.unique(voters.groups, return_inverse=True)
    order = np.argsort([zlib.crc32(str(name).encode()) for name in names], kind="stable")
    chosen = np.zeros(len(names), dtype=np.bool_)
    chosen[order[: round(share * len(names))]] = True
    return np.asarray(chosen[number])


def _metrics(scores: MatchScores, groups: NDArray[Any], apart: NDArray[np.bool_]) -> dict[str, float]:
    """Means over the rows that are ranked by, the first with its interval of 95 %, and over those that are not."""
    low, high = mean_interval(scores.f1[~apart], groups[~apart])
    ranked = {
        "row_f1": float(scores.f1[~apart].mean()),
        "row_f1_low": low,
        "row_f1_high": high,
        "precision": float(scores.precision[~apart].mean()),
        "recall": float(scores.recall[~apart].mean()),
    }
    return ranked | ({"row_f1_held_out": float(scores.f1[apart].mean())} if apart.any() else {})


def _write(path: Path, voters: Voters, ballot: Ballot) -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("posting_id", "matches"))
    writer.writerows(zip(voters.ids.tolist(), matches_of(voters, ballot), strict=True))
    write_atomically(path, lambda stream: stream.write(text.getvalue().encode()))
    return path


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("vote"))
