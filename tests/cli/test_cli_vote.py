"""A search for thresholds of a vote, over what the trials of another experiment kept."""

import csv
import json

import numpy as np
import pytest
from builders import Recorder


@pytest.fixture
def trials(folder):
    """The trials' folder of an experiment of which two trials kept embeddings of the same postings."""
    recorder = Recorder(folder / "logs", "exp001-arcface")
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 3)
    for number in range(3):
        recorder.trial(number, [0.5])
        place = recorder.run.trial(f"t{number:03d}").path
        if number == 1:
            continue
        np.save(place / "embeddings.npy", (np.eye(12)[groups] + 0.2 * generator.standard_normal((36, 12))))
        with (place / "embeddings.csv").open("w", newline="") as stream:
            rows = [(f"p{row}", f"g{group}") for row, group in enumerate(groups)]
            csv.writer(stream).writerows([("posting_id", "label_group"), *rows])
    return recorder.end().trials


def test_thresholds_are_searched_over_the_embeddings_of_trials(answer, folder, trials):
    done = answer("sweep", "vote", "--data", trials, "--trials", "4", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["trainer"] == "vote"
    assert [trial["status"] for trial in document["trials"]] == ["finished"] * 4
    baseline = document["trials"][0]
    assert baseline["baseline"]
    effective = baseline["effective"]
    assert (effective["m1"], effective["m2"], effective["voters"], effective["rows"]) == ("t000", "t002", 4, 36)
    assert 0 < baseline["best"] <= 1
    assert "row_f1_held_out" in baseline["best_metrics"]
    assert (folder / "logs" / document["name"] / "trials" / "t000" / "matches.csv").is_file()
    assert len(list((trials / ".votes").iterdir())) == 1


def test_a_folder_without_embeddings_is_one_line_before_anything_starts(answer, folder, trials):
    done = answer("sweep", "vote", "--data", folder)
    assert "no folder with embeddings.npy and embeddings.csv" in done.complaint
    assert len(list((folder / "logs").glob("exp*"))) == 1
