"""`cockpit threshold` from the outside."""

import csv
import json

import numpy as np
import pytest
from builders import Recorder
from predicted import experiment, noisy


@pytest.fixture
def embedded(folder):
    """A trial with embeddings of 40 postings in 20 groups of two, which lie near each other; half of them very near."""
    recorder = Recorder(folder / "logs").trial(0, [0.5])
    groups = np.repeat(np.arange(20), 2)
    generator = np.random.default_rng(0)
    vectors = generator.standard_normal((20, 8))[groups] + 0.2 * generator.standard_normal((40, 8))
    place = recorder.run.trial("t000").path
    np.save(place / "embeddings.npy", vectors.astype(np.float32))
    with (place / "embeddings.csv").open("w", newline="") as stream:
        rows = [(f"p{row}", f"g{group}") for row, group in enumerate(groups)]
        csv.writer(stream).writerows([("posting_id", "label_group"), *rows])
    return recorder.end()


def test_columns_get_thresholds_with_cross_fitted_scores(cockpit, folder):
    experiment(folder / "logs", "exp001-m", noisy(1, 1.0))
    answer = cockpit("threshold", "exp001")
    assert (answer.code, answer.err) == (0, "")
    heading, columns, row = answer.out.splitlines()
    assert heading == "exp001: t000"
    assert columns.split()[:2] == ["column", "positive"]
    assert row.split()[:2] == ["toxic", f"{noisy(1, 1.0).labels.sum()}/120"]
    (found,) = json.loads(cockpit("threshold", "exp001", "--json").out)["columns"]
    for name in ("f1", "mcc"):
        assert found[name]["score"] <= found[name]["in_sample"] <= 1
        assert 0 < found[name]["threshold"] < 1
    positives = noisy(1, 1.0).labels.mean()
    assert found["f1_of_all"] == pytest.approx(2 * positives / (1 + positives))


def test_embeddings_get_a_cosine_and_min_2_a_second_match(cockpit, embedded):
    one, two = (
        json.loads(cockpit("threshold", "exp001", "--min", least, "--json").out)["outputs"][0] for least in (1, 2)
    )
    assert (one["trial"], one["output"], one["rows"]) == ("t000", "fused", 40)
    assert two["row_f1"] >= one["row_f1"] > 0.8
    assert one["row_f1"] <= one["in_sample"]
    # At so high a cosine nothing matches, and the nearest neighbour alone is right nearly always.
    assert two["in_sample"] > 0.95
    table = cockpit("threshold", "exp001", "--min", "2").out.splitlines()
    assert "row F1, at least 2" in table[1]
    assert table[2].split()[:3] == ["t000", "fused", "40"]


def test_what_has_nothing_to_search_is_one_line(cockpit, folder, embedded):
    Recorder(folder / "logs", "exp002-hill").trial(0, [0.5]).end()
    assert "exp002: t000 kept neither predictions.npz nor embeddings.npy" in cockpit("threshold", "exp002").complaint
    experiment(folder / "logs", "exp003-m", noisy(1, 1.0))
    assert "--min is for embeddings" in cockpit("threshold", "exp003", "--min", "2").complaint
    kinds = noisy(1, 1.0)
    experiment(folder / "logs", "exp004-m", type(kinds)(**{**vars(kinds), "metric": "accuracy"}))
    assert "its classes exclude each other" in cockpit("threshold", "exp004").complaint
    (embedded.trial("t000").path / "embeddings.npy").write_bytes(b"torn")
    assert "exp001/t000: " in cockpit("threshold", "exp001").complaint
