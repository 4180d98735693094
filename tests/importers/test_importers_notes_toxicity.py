"""The real submission log: everything that its author wrote down, and every number that was printed."""

import re
from functools import cache
from pathlib import Path

import pytest
from builders import Recorder
from importers.collected import collect

from cockpit.checks.evidence import evidence_of
from cockpit.checks.record import IDENTICAL
from cockpit.checks.registry import check_record
from cockpit.importers.contract import SURE
from cockpit.importers.notes import IMPORTER
from cockpit.importers.registry import open_source
from cockpit.store.reader import Index

NOTES = Path(__file__).resolve().parents[3] / "shared" / "data" / "logs" / "toxicity_notes" / "notes.md"
pytestmark = pytest.mark.skipif(not NOTES.is_file(), reason="the shared data are not beside this checkout")

LOGGED = ("V6", "V7", "V11", "V12", "V13", "V14", *(f"V{number}" for number in range(16, 24)))
SCORES = {
    "V6": 0.9421, "V7": 0.9431, "V10": 0.8897, "V11": 0.9310, "V13": 0.9411, "V14": 0.9423, "V16": 0.9393,
    "V17": 0.9409, "V18": 0.9386, "V19": 0.9393, "V20": 0.9418, "V21": 0.9408, "V22": 0.9360, "V23": 0.9429,
}  # fmt: skip
LAST = {  # AUC and Matthews' coefficient of the last validation
    "V6": (0.95572, None), "V7": (0.95346, None), "V11": (0.94894, None), "V12": (0.95372, None),
    "V13": (0.95234, None), "V14": (0.95022, None), "V16": (0.95030, None), "V17": (0.95049, None),
    "V18": (0.95114, 0.56823), "V19": (0.95422, 0.61094), "V20": (0.95411, 0.58527), "V21": (0.94887, 0.58527),
    "V22": (0.95609, 0.59917), "V23": (0.95454, 0.60239),
}  # fmt: skip
EPOCHS = {
    "V6": 2, "V7": 3, "V11": 3, "V12": 3, "V13": 1, "V14": 2, "V16": 3, "V17": 3, "V18": 3, "V19": 2, "V20": 1,
    "V21": 3, "V22": 1, "V23": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def notes():
    return collected()


@cache
def collected():
    return collect(IMPORTER, NOTES)


def test_it_is_known_by_its_content():
    assert IMPORTER.fit(open_source(NOTES)) == SURE


def test_other_logs_are_no_notes():
    paths = [path for path in NOTES.parents[1].rglob("*") if path.is_file() and path != NOTES]
    assert paths and not any(IMPORTER.fit(open_source(path)) for path in paths)


def test_there_are_eighteen_versions_in_order(notes):
    assert list(notes.runs) == [f"V{number}" for number in range(6, 24)]
    assert [run.label for run in notes.runs.values()] == list(notes.runs)


def test_scores(notes):
    assert {score.key: score.value for score in notes.scores if score.key} == SCORES
    assert not any(score.private for score in notes.scores)
    assert [score.key for score in notes.scores][-3:] == ["V22", "", "V23"]  # as they were submitted


def test_merges_stand_beside_their_scores(notes):
    merged = {score.key: score.merged for score in notes.scores if score.merged}
    assert merged == {
        "V7": ("V7", "V6"),
        "V20": ("V20", "more?"),  # as unclear as its author left it
        "V23": ("V23", "previous results"),
        "": ("V22", "V21"),
    }
    (merge,) = [score for score in notes.scores if not score.key]
    assert (merge.value, merge.note) == (0.9393, "Merging just makes it better")
    assert notes.score("V7").note == "merge with version 6 results so better"


def test_what_their_author_says_of_them(notes):
    runs = notes.runs
    assert runs["V6"].change == "use aux"
    assert runs["V7"].change == "3 epochs, aux /3"
    assert "as we trained on validation set, it will always get better." in runs["V7"].note
    assert runs["V9"].change == "save the model after using more data augmentation"
    assert runs["V11"].change == "more data augmentation"
    assert "might be over-fit" in runs["V11"].note
    assert runs["V12"].change == "3 epochs, data augmentation no mix"
    assert runs["V15"].change == "pickle data"
    assert "easier to over-fit" in runs["V16"].note
    assert runs["V21"].change == "back to smooth 0.1"
    assert runs["V22"].change.startswith("smooth to 0.05; just test one batch")
    assert "pre-process" in notes.about.note  # what stands outside of the versions


def test_what_failed_has_its_reason_and_keeps_its_log(notes):
    assert {key: (end.status, end.reason) for key, end in notes.ended.items()} == {
        "V8": ("failed", "error for providing test datasets"),
        "V12": ("failed", "test failed again (no submission.csv)"),
    }
    assert notes.evals("V12")[-1].metrics["final_score"] == 0.95372


def test_settings(notes):
    assert {key: run.config["epochs"] for key, run in notes.runs.items() if "epochs" in run.config} == EPOCHS
    weights = {key: run.config["aux_weight"] for key, run in notes.runs.items() if "aux_weight" in run.config}
    third = 1 / 3
    assert weights == {"V6": 0.2, "V7": third, "V16": 1.0, "V17": third, "V18": third, "V19": third, "V23": 0.2}
    smoothings = {key: run.config["smoothing"] for key, run in notes.runs.items() if "smoothing" in run.config}
    assert smoothings == {"V6": 0.1, "V21": 0.1, "V22": 0.05}
    assert {name: notes.runs["V6"].config[name] for name in ("lr", "batch_size", "fold_number", "verbose_step")} == {
        "lr": 5e-06, "batch_size": 16, "fold_number": 0, "verbose_step": 50,
    }  # fmt: skip


def test_last_validations(notes):
    assert {key for key in notes.runs if notes.evals(key)} == set(LOGGED)
    for key, (auc, mcc) in LAST.items():
        metrics = notes.evals(key)[-1].metrics
        assert (metrics["final_score"], metrics.get("mc_score")) == (auc, mcc)
    assert [event.metrics["final_score"] for event in notes.evals("V14")] == [0.95094, 0.95022]
    assert [event.epoch for event in notes.evals("V14")] == [0, 1]
    assert notes.evals("V7")[0].epoch == 2  # epochs count from 0 in this file, though here none is seen
    assert notes.evals("V12")[0].time == 28.67925  # wrapped


def test_both_rounds_of_fine_tuning_are_a_phase_of_their_own(notes):
    for key in LOGGED:
        rounds = {event.epoch for event in notes.steps(key, "tune")}
        assert rounds == ({0} if key == "V12" else {0, 1})
        assert all(event.phase in ("train", "valid") for event in notes.of(key, type(notes.evals(key)[0])))


def test_every_step_line_is_an_event_and_no_two_share_a_place(notes):
    lines = NOTES.read_text().splitlines()
    printed = [line for line in lines if re.search(r"Train Step \d+,", line)]
    placeholders = [line for line in printed if "Train Step 0, loss: 0.00000" in line]
    steps = [event for key in notes.runs for phase in ("train", "tune") for event in notes.steps(key, phase)]
    assert (len(printed), len(steps)) == (159, 159 - len(placeholders))
    places = [
        (key, event.kind, event.phase, event.step) for key in notes.runs for event in notes.of(key, type(steps[0]))
    ]
    assert len(set(places)) == len(places)
    results = sum(line.startswith("[RESULT]") for line in lines)
    assert sum(len(notes.evals(key, phase)) for key in notes.runs for phase in ("train", "valid")) == results == 30
    assert notes.unread == []


def test_norms_and_the_optimizer_belong_to_the_run_that_they_stand_under(notes):
    norms = notes.norms("V23")
    assert len(norms) == NOTES.read_text().count("grad info pg") == 24
    assert len({(event.step, event.group) for event in norms}) == 24
    first = norms[0]
    assert (first.group, first.param_mean, first.param_std) == ("pg0", 76.284134, 212.603531)
    assert (first.grad_mean, first.grad_std) == (3.284097, 5.306246)
    optimizers = [note for note in notes.notes("V23") if note.startswith("AdamW")]
    assert len(optimizers) == 1 and "weight_decay 0.001" in optimizers[0] and "weight_decay 0.0" in optimizers[0]
    assert not any(notes.norms(key) for key in notes.runs if key != "V23")


def test_scores_of_single_models_do_not_follow_the_validation(notes):
    """The ten entries that were not merged: as good as no correlation, whichever way."""
    single = [score for score in notes.scores if score.key and not score.merged and notes.evals(score.key)]
    assert len(single) == 10
    aucs = ranks([notes.evals(score.key)[-1].metrics["final_score"] for score in single])
    scores = ranks([score.value for score in single])
    assert round(correlation(aucs, scores), 2) == -0.01


def test_two_versions_that_share_a_metric_are_asked_about(notes, tmp_path):
    recorder = Recorder(tmp_path, metric="final_score", varied=["epochs"])
    for number, run in enumerate(notes.runs.values()):
        writer = recorder.start(number, config=dict(run.config))
        for event in notes.events.get(run.key, []):
            writer.write(event)
        recorder.finish(number, writer)
    with Index(recorder.end()) as index:
        found = check_record(evidence_of(index, index.sweep(), index.trials()))
    (shared,) = [finding for finding in found if finding.check == IDENTICAL]
    assert shared.is_bad and shared.trials == ("t014", "t015")  # V20 and V21
    assert "mc_score 0.58527" in shared.text


def ranks(values):
    ordered = sorted(values)
    return [sum(place for place, one in enumerate(ordered) if one == value) / ordered.count(value) for value in values]


def correlation(one, other):
    mean, mean_of_other = sum(one) / len(one), sum(other) / len(other)
    covariance = sum((a - mean) * (b - mean_of_other) for a, b in zip(one, other, strict=True))
    spread = sum((a - mean) ** 2 for a in one) * sum((b - mean_of_other) ** 2 for b in other)
    return covariance / spread**0.5
