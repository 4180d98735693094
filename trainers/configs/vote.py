"""Settings of the vote over embeddings: from where on each voter says that two postings are one product."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainers.contract import Trainer, TrainerConfig, option

OUTPUTS = ("fused", "image", "text")
MOST_MEMBERS = 6
_ABSENT = "without effect where the data have no such voter, none silences it"


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Two voters on one output of a member: both look at the same similarity, each from a threshold of its own on."""

    cosine: float | None = option(0.5, f"least cosine similarity of a match; {_ABSENT}", low=-1.0, high=1.0)
    euclid: float | None = option(1.0, f"largest distance of a match as unit vectors; {_ABSENT}", low=0.0, high=2.0)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What a member may have said of a posting: by all it saw, by its picture, and by its title."""

    fused: Thresholds = field(default_factory=Thresholds)
    image: Thresholds = field(default_factory=Thresholds)
    text: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, kw_only=True)
class VoteConfig(TrainerConfig):
    """Members × outputs × distances vote on every pair of postings; `m1` is the first member by name.

    Nothing is trained, so a trial is one evaluation.
    """

    votes: int | None = option(
        None,
        "how many voters have to agree on a match, all of them if there are fewer; none means most of them",
        low=1,
        high=36,
    )
    min_matches: int = option(
        1, "2 also gives a posting that matches nothing else the one with the most votes", choices=(1, 2)
    )
    held_out: float = option(
        0.0, "share of groups that are scored by themselves, as row_f1_held_out, and never ranked", low=0.0, high=0.9
    )
    m1: Outputs = field(default_factory=Outputs)
    m2: Outputs = field(default_factory=Outputs)
    m3: Outputs = field(default_factory=Outputs)
    m4: Outputs = field(default_factory=Outputs)
    m5: Outputs = field(default_factory=Outputs)
    m6: Outputs = field(default_factory=Outputs)

    def thresholds(self, member: int, output: str) -> Thresholds:
        """Those of a member, counted from 0."""
        found: Thresholds = getattr(getattr(self, f"m{member + 1}"), output)
        return found

    def ineffective(self) -> dict[str, str]:
        """What has no meaning where nothing is trained."""
        return dict.fromkeys(("epochs", "seed", "log_every", "norms_every", "resume"), "nothing is trained or drawn")


def check(config: VoteConfig) -> None:
    """Finds the members and, the first time, how similar their postings are. Raises `InputError`; loads no torch."""
    from trainers.data.voters import load_voters

    load_voters(config.data)


TRAINER = Trainer(
    name="vote",
    summary="finds postings of the same product by a vote over embeddings that are there already (row F1)",
    config=VoteConfig,
    metrics={"row_f1": "maximize", "precision": "maximize", "recall": "maximize"},
    recipe="trainers.vote:train",
    check=check,
    preload=("numpy", "trainers.vote"),
    uses_torch=False,
)
