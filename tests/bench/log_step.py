"""What logging one step of eight metrics costs the training, here and with other trackers."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from statistics import median

from .child import ChildFailedError, is_installed, measure_in_child
from .table import NOT_AVAILABLE, NOT_INSTALLED, Row, against, ahead, at_most, seconds

PEERS = ("wandb", "trackio", "tensorboardX", "mlflow")
# So many steps that the slowest takes some seconds and the fastest has a steady p99.
STEPS = {
    "ours": 20_000, "library": 20_000, "bare": 20_000, "wandb": 5_000, "trackio": 5_000, "tensorboardX": 3_000,
    "mlflow": 300,
}  # fmt: skip
# How a trainer's steps are written, and what a script of one's own calls.
OURS = {"ours": "log 8 metrics", "library": "cockpit.log of 8 metrics"}
ROUNDS = 3
P99_LIMIT = 20e-6  # seconds of one call

Figures = Mapping[str, Mapping[str, float] | None]  # by subject: median and p99 of one round


def rows(quick: bool, peers: Sequence[str] = PEERS) -> list[Row]:
    """Both of ours against a bare `os.write` of `json.dumps`, and against every tracker that is installed."""
    rounds = 1 if quick else ROUNDS
    found = [_round(peers, quick) for _ in range(rounds)]
    bare = _over(found, "bare")
    table: list[Row] = []
    for subject, label in OURS.items():
        ours = _over(found, subject)
        target = 2.0 if subject == "ours" else None
        table.append(against(f"{label}: against write(json.dumps), median", ours["median"], bare["median"], target))
        table.append(against(f"{label}: against write(json.dumps), p99", ours["p99"], bare["p99"]))
        if subject == "library":
            table.append(at_most(f"{label}, p99", ours["p99"], P99_LIMIT))
        for peer in peers:
            table += _peer_rows(label, peer, ours, _over(found, peer))
    return table


def _round(peers: Sequence[str], quick: bool) -> Figures:
    """Each subject once: in turns, a noisy moment of the machine does not always hit the same one."""
    subjects = [*OURS, "bare", *filter(is_installed, peers)]
    return {subject: _measure(subject, STEPS[subject] // (10 if quick else 1)) for subject in subjects}


def _measure(subject: str, steps: int) -> dict[str, float] | None:
    """None for a peer that does not run here; why is said, because it is no finding about us."""
    try:
        return measure_in_child("loggers", subject, str(steps))
    except ChildFailedError as error:
        if subject in (*OURS, "bare"):
            raise
        print(error, file=sys.stderr)
        return None


def _over(found: Sequence[Figures], subject: str) -> dict[str, float]:
    """The median over rounds; empty when the subject could not be measured."""
    results = [results[subject] for results in found if results.get(subject)]
    return {key: median(result[key] for result in results) for key in ("median", "p99")} if results else {}


def _peer_rows(label: str, peer: str, ours: dict[str, float], theirs: dict[str, float]) -> list[Row]:
    labels = {key: f"{label}: against {peer}, {key}" for key in ("median", "p99")}
    if not theirs:
        why = NOT_AVAILABLE if is_installed(peer) else NOT_INSTALLED
        return [Row(text, seconds(ours[key]), why, target="ours ahead") for key, text in labels.items()]
    return [ahead(text, ours[key], theirs[key]) for key, text in labels.items()]
