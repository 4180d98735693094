"""What votes on pairs of postings: the members of a data folder, and how similar each finds every pair.

A data folder has one folder (or a link to one) for each member, with the embeddings of a trial: `embeddings.csv`,
`embeddings.npy`, and `embeddings_image.npy` and `embeddings_text.npy` where there are any. The `trials` folder of an
experiment is such a folder. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.configs.vote import MOST_MEMBERS, OUTPUTS
from trainers.contract import InputError
from trainers.data.neighbours import Places, Vectors, candidate_pairs, cosines
from trainers.embeddings import Postings, outputs_in, read_embeddings, read_postings


@dataclass(frozen=True)
class Voters:
    """Pairs of postings, and what each output of each member says of them.

    `outputs` names member, by number, and output of each row of `cosines` (outputs, pairs). `first` and `second`
    (pairs,) are the rows of a pair, `same` whether they are of one group. `typical` (pairs,) is the mean of `cosines`.
    """

    members: tuple[str, ...]
    outputs: tuple[tuple[int, str], ...]
    ids: NDArray[np.str_]
    groups: NDArray[np.str_]
    first: Places
    second: Places
    same: NDArray[np.bool_]
    cosines: NDArray[np.float32]
    typical: NDArray[np.float32]
    dropped: int = 0


@dataclass(frozen=True)
class Member:
    """A folder with embeddings, by output."""

    name: str
    folder: Path
    outputs: dict[str, Path]


def load_voters(data: str) -> Voters:
    """The voters of a data folder, from its cache where that is of these very files; made-up ones without a folder.

    Raises `InputError`.
    """
    if not data:
        return _made_up()
    from trainers.data.vote_cache import cached

    members = find_members(Path(data))
    return cached(Path(data), members, lambda: _read(members))


def find_members(folder: Path) -> list[Member]:
    """The folders with embeddings, by name. Raises `InputError` for none and for too many."""
    if not folder.is_dir():
        raise InputError(f"{folder} does not exist: --data needs a folder with the embeddings of trials in folders")
    places = sorted(place for place in folder.iterdir() if place.is_dir() and not place.name.startswith("."))
    members = [Member(place.name, place, found) for place in places if (found := outputs_in(place))]
    if not members:
        raise InputError(
            f"{folder} has no folder with embeddings.npy and embeddings.csv in it; make one with links to trials, "
            "such as logs/exp012-arcface/trials/t003"
        )
    if len(members) > MOST_MEMBERS:
        raise InputError(
            f"{folder} has {len(members)} folders with embeddings, and {MOST_MEMBERS} can vote; make a folder with "
            "links to the best of them"
        )
    return members


def build_voters(members: Sequence[str], postings: Sequence[Postings], vectors: Sequence[dict[str, Vectors]]) -> Voters:
    """Voters over the postings that all members have. Raises `InputError` where they do not fit."""
    ids, groups = _shared(members, postings)
    kept: list[Vectors] = []
    outputs: list[tuple[int, str]] = []
    for number, (table, found) in enumerate(zip(postings, vectors, strict=True)):
        place = {name: row for row, name in enumerate(table.ids)}
        rows = np.array([place[name] for name in ids])
        for output in (output for output in OUTPUTS if output in found):
            kept.append(found[output][rows])
            outputs.append((number, output))
    first, second = candidate_pairs(kept)
    similar = np.stack([cosines(output, first, second) for output in kept])
    groups_by_row = np.array(groups, dtype=np.str_)
    numbers = np.unique(groups_by_row, return_inverse=True)[1]
    return Voters(
        members=tuple(members),
        outputs=tuple(outputs),
        ids=np.array(ids, dtype=np.str_),
        groups=groups_by_row,
        first=first,
        second=second,
        same=numbers[first] == numbers[second],
        cosines=similar,
        typical=similar.mean(axis=0),
        dropped=max(len(table.ids) for table in postings) - len(ids),
    )


@cache
def _made_up() -> Voters:
    from trainers.data.made_up_members import made_up_members

    return build_voters(*made_up_members())


def _read(members: Sequence[Member]) -> Voters:
    postings = [read_postings(member.folder) for member in members]
    vectors = [
        {output: read_embeddings(path, len(table.ids)) for output, path in member.outputs.items()}
        for member, table in zip(members, postings, strict=True)
    ]
    return build_voters([member.name for member in members], postings, vectors)


def _shared(members: Sequence[str], postings: Sequence[Postings]) -> tuple[list[str], list[str]]:
    """The ids and groups that all members have, in the order of the first."""
    first = dict(zip(postings[0].ids, postings[0].groups, strict=True))
    shared = set(first)
    for name, table in zip(members[1:], postings[1:], strict=True):
        for posting, group in zip(table.ids, table.groups, strict=True):
            if posting in first and first[posting] != group:
                raise InputError(f"{name}: posting {posting[:60]!r} is of another group than in {members[0]}")
        shared &= set(table.ids)
    if len(shared) < 2:
        raise InputError(
            f"{', '.join(members)} have {'one posting' if shared else 'no postings'} in common; only trials that were "
            "validated on the same postings can vote on them"
        )
    ids = [posting for posting in postings[0].ids if posting in shared]
    return ids, [first[posting] for posting in ids]
