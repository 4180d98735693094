from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from trainers.contract import InputError
from trainers.data import neighbours, vote_cache, voters
from trainers.data.neighbours import candidate_pairs, cosines
from trainers.data.voters import build_voters, find_members, load_voters


def keep(folder: Path, ids: Sequence[str], groups: Sequence[str], **outputs: np.ndarray) -> Path:
    """A trial's artefacts: `embeddings` and its kin, and the table beside them."""
    folder.mkdir(parents=True)
    for name, vectors in outputs.items():
        np.save(folder / f"{name}.npy", vectors.astype(np.float32))
    with (folder / "embeddings.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = [("a, b\nc", *row) for row in zip(ids, groups, strict=True)]
        csv.writer(stream).writerows([("title", "posting_id", "label_group"), *rows])
    return folder


def vectors(seed: int, rows: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, 4))


@pytest.fixture
def trials(tmp_path: Path) -> Path:
    """Two trials that share four postings, one of them with three outputs."""
    keep(tmp_path / "data" / "t000", "abcdef", "xxyyzz", embeddings=vectors(0), embeddings_text=vectors(1))
    keep(tmp_path / "elsewhere" / "t004", "fedcgh", "zzyyvv", embeddings=vectors(2), embeddings_image=vectors(3))
    (tmp_path / "data" / "t004").symlink_to(tmp_path / "elsewhere" / "t004")
    (tmp_path / "data" / "t001").mkdir()
    return tmp_path / "data"


def test_members_are_folders_and_links_with_embeddings_over_the_postings_that_all_have(trials: Path) -> None:
    found = load_voters(str(trials))
    assert found.members == ("t000", "t004")
    assert found.outputs == ((0, "fused"), (0, "text"), (1, "fused"), (1, "image"))
    assert (found.ids.tolist(), found.groups.tolist(), found.dropped) == (list("cdef"), list("yyzz"), 2)
    # Of so few every pair is a candidate.
    assert list(zip(found.first, found.second, strict=True)) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert found.same.tolist() == [True, False, False, False, False, True]
    # The posting c is row 2 of the first trial and row 3 of the second, d is 3 and 2.
    for row, (seed, one, other) in enumerate([(0, 2, 3), (1, 2, 3), (2, 3, 2), (3, 3, 2)]):
        left, right = vectors(seed)[one], vectors(seed)[other]
        expected = left @ right / np.linalg.norm(left) / np.linalg.norm(right)
        assert found.cosines[row, 0] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(found.typical, found.cosines.mean(axis=0), rtol=1e-6)


def test_what_was_found_is_kept_beside_the_data_as_long_as_contents_are_the_same(
    trials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_voters(str(trials))
    (place,) = (trials / vote_cache.FOLDER).iterdir()
    built: list[object] = []

    def build(*arguments: object) -> object:
        built.append(arguments)
        return build_voters(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(voters, "build_voters", build)
    again = load_voters(str(trials))
    np.testing.assert_array_equal(again.cosines, first.cosines)
    assert (again.outputs, again.members, again.dropped) == (first.outputs, first.members, 2)
    (trials / "t000" / "embeddings.npy").touch()  # another time, the same contents
    load_voters(str(trials))
    copy = trials.parent / "copy"
    shutil.copytree(trials, copy)
    load_voters(str(copy))
    assert not built
    np.save(trials / "t000" / "embeddings.npy", vectors(9).astype(np.float32))
    changed = load_voters(str(trials))
    assert len(built) == 1
    assert (changed.cosines[0] != first.cosines[0]).all()
    (place / "cosines.npy").write_bytes(b"torn")
    np.save(trials / "t000" / "embeddings.npy", vectors(0).astype(np.float32))
    np.testing.assert_array_equal(load_voters(str(trials)).cosines, first.cosines)
    assert len(built) == 2


def test_a_folder_that_cannot_be_written_is_computed_anew(trials: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(np, "save", refuse)
    assert len(load_voters(str(trials)).ids) == 4
    assert not list((trials / vote_cache.FOLDER).iterdir())


def test_candidates_are_the_nearest_in_any_output_however_many_rows_fit_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outputs = [found / np.linalg.norm(found, axis=1, keepdims=True) for found in (vectors(1, 30), vectors(2, 30))]
    near = set()
    for found in outputs:
        similarity = found @ found.T - 9 * np.eye(30)
        for row, order in enumerate(np.argsort(-similarity, axis=1)[:, :3].tolist()):
            near |= {(min(row, other), max(row, other)) for other in order}
    for elements in (2**24, 64):
        monkeypatch.setattr(neighbours, "_BLOCK_ELEMENTS", elements)
        first, second = candidate_pairs([found.astype(np.float32) for found in outputs], neighbours=3)
        assert list(zip(first.tolist(), second.tolist(), strict=True)) == sorted(near)
        expected = [outputs[0][one] @ outputs[0][other] for one, other in sorted(near)]
        np.testing.assert_allclose(cosines(outputs[0].astype(np.float32), first, second), expected, atol=1e-6)


def test_what_cannot_vote_is_one_line(trials: Path, tmp_path: Path) -> None:
    def refusal(folder: Path) -> str:
        with pytest.raises(InputError) as caught:
            load_voters(str(folder))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "does not exist" in refusal(tmp_path / "nothing")
    assert "no folder with embeddings.npy and embeddings.csv" in refusal(trials / "t001")
    keep(trials / "t002", "abcdef", "xxyyyz", embeddings=vectors(5))
    assert "t002: posting 'e' is of another group than in t000" in refusal(trials)
    shutil.rmtree(trials / "t002")
    keep(trials / "t002", "uvwrst", "xxyyyz", embeddings=vectors(5))
    assert "t000, t002, t004 have no postings in common" in refusal(trials)
    for name, complaint in (("abcde", "not one row of numbers for each of the 5 rows"), ("aacdef", "twice")):
        shutil.rmtree(trials / "t002")
        keep(trials / "t002", name, "x" * len(name), embeddings=vectors(5))
        assert complaint in refusal(trials)
    (trials / "t002" / "embeddings.npy").write_bytes(b"torn")
    (trials / "t002" / "embeddings.csv").write_text("posting_id,label_group\na,x\n")
    assert "cannot be read as embeddings" in refusal(trials)
    (trials / "t002" / "embeddings.csv").write_text("id,group\na,x\n")
    assert "no table with the columns posting_id,label_group" in refusal(trials)
    for number in range(5, 10):
        keep(trials / f"t00{number}", "abcdef", "xxyyzz", embeddings=vectors(number))
    assert "8 folders with embeddings, and 6 can vote" in refusal(trials)
    assert len(find_members(trials.parent / "elsewhere")) == 1
