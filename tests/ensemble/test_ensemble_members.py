"""Whose predictions are merged, of which rows, and what does not go together."""

from dataclasses import replace

import numpy as np
import pytest
from predicted import ROWS, experiment, noisy, part

from cockpit.ensemble.members import align, read_member
from cockpit.store.folder import FolderError
from trainers.predictions import FILE


def test_an_experiment_stands_for_its_best_trial(tmp_path):
    bad, good = noisy(1, 3.0), noisy(2, 0.5)
    experiment(tmp_path, "exp001-a", bad, good, None)
    found = read_member(tmp_path, "exp001-a")
    assert (found.name, found.trials) == ("exp001", ("t001",))
    np.testing.assert_allclose(found.predictions.scores, good.scores, rtol=1e-6)
    found = read_member(tmp_path, "latest/t000")
    assert (found.name, found.trials) == ("exp001/t000", ("t000",))
    np.testing.assert_allclose(found.predictions.scores, bad.scores, rtol=1e-6)


def test_folds_are_joined_to_out_of_fold_predictions_with_the_best_trial_of_each(tmp_path):
    whole, worse = noisy(1, 0.5), noisy(3, 4.0)
    halves = (slice(0, ROWS, 2), slice(1, ROWS, 2))
    trials = [part(worse, halves[0]), part(whole, halves[0]), part(whole, halves[1])]
    experiment(tmp_path, "exp001-a", *trials, varied=("x", "fold"), folds=(0, 0, 1))
    found = read_member(tmp_path, "exp001")
    assert found.trials == ("t001", "t002")
    place = {name: row for row, name in enumerate(found.predictions.ids)}
    order = [place[name] for name in whole.ids]
    np.testing.assert_allclose(np.asarray(found.predictions.scores)[order], whole.scores, rtol=1e-6)
    assert [found.predictions.groups[row] for row in order] == whole.groups


def test_a_row_that_two_folds_hold_out_is_refused(tmp_path):
    experiment(tmp_path, "exp001-a", noisy(1, 0.5), noisy(2, 0.5), varied=("fold",), folds=(0, 1))
    with pytest.raises(FolderError, match=r"^exp001: row r0 is held out by t000 and by t001.*exp001/t001$"):
        read_member(tmp_path, "exp001")


def test_members_are_aligned_by_ids_and_columns(tmp_path):
    one, other = noisy(1, 0.5), noisy(2, 0.5)
    two_columns = [
        replace(
            found,
            columns=columns,
            scores=np.hstack([found.scores, 1 - found.scores])[:, order],
            labels=np.hstack([found.labels, 1 - found.labels])[:, order],
        )
        for found, columns, order in ((one, ("a", "b"), [0, 1]), (other, ("b", "a"), [1, 0]))
    ]
    experiment(tmp_path, "exp001-a", part(two_columns[0], slice(0, 100)))
    experiment(tmp_path, "exp002-b", replace(part(two_columns[1], slice(119, 9, -1)), groups=()))
    found = align([read_member(tmp_path, name) for name in ("exp001", "exp002")])
    assert (found.ids, found.columns) == (tuple(f"r{row}" for row in range(10, 100)), ("a", "b"))
    assert found.dropped == {"exp001": 10, "exp002": 20}
    np.testing.assert_allclose(found.scores[0, :, 0], one.scores[10:100, 0], rtol=1e-6)
    np.testing.assert_allclose(found.scores[1, :, 0], other.scores[10:100, 0], rtol=1e-6)
    np.testing.assert_array_equal(found.labels[:, 0], one.labels[10:100, 0])
    # Groups of two rows, as the first member that has groups knows them.
    assert len(set(found.clusters)) == 45
    assert found.groups[:3] == ("g5", "g5", "g6")


def flipped(predictions):
    labels = predictions.labels.copy()
    labels[[3, 5]] = 1 - labels[[3, 5]]
    return replace(predictions, labels=labels)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda found: replace(found, columns=("other",)), "exp002: predicts other, and exp001 toxic; merge "),
        (lambda found: replace(found, metric="mcc"), "exp002: is ranked by mcc, and exp001 by auc; merge "),
        (
            lambda found: replace(found, ids=[f"s{row}" for row in range(ROWS)]),
            "exp001, exp002: have no rows in common",
        ),
        (flipped, "exp002: has another label of row r3 than exp001, and of 1 more; one of them is old"),
    ],
)
def test_what_does_not_go_together_is_one_line_that_names_the_experiment(tmp_path, change, complaint):
    experiment(tmp_path, "exp001-a", noisy(1, 0.5))
    experiment(tmp_path, "exp002-b", change(noisy(2, 0.5)))
    members = [read_member(tmp_path, name) for name in ("exp001", "exp002")]
    with pytest.raises(FolderError) as refusal:
        align(members)
    assert str(refusal.value).startswith(complaint)
    assert "\n" not in str(refusal.value)


def test_what_cannot_be_read_is_one_line_that_names_the_trial(tmp_path):
    run = experiment(tmp_path, "exp001-a", noisy(1, 0.5), None)
    with pytest.raises(FolderError, match=r"^exp001/t001: has no predictions\.npz; a trainer that scores held-out"):
        read_member(tmp_path, "exp001/t001")
    (run.trial("t000").path / FILE).write_bytes(b"torn")
    with pytest.raises(FolderError, match=r"^exp001/t000: .*cannot be read as predictions"):
        read_member(tmp_path, "exp001")
    experiment(tmp_path, "exp002-b")
    with pytest.raises(FolderError, match=r"^exp002: no trial was evaluated"):
        read_member(tmp_path, "exp002")
    experiment(tmp_path, "exp003-c", noisy(1, 0.5))
    with pytest.raises(FolderError, match=r"^exp003: is named twice"):
        align([read_member(tmp_path, name) for name in ("exp003", "latest")])
