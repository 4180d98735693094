"""What the items of a source become: a whole experiment or none."""

import fcntl
import json

import pytest

from cockpit.diary import book
from cockpit.events.codec import encode
from cockpit.events.kinds import Eval, Norms, Note, Step
from cockpit.importers.contract import About, Recorded, Run, RunEnded, Scored, Source, Unread
from cockpit.importers.importing import Wish, import_source
from cockpit.store.folder import experiments
from cockpit.store.reader import Index
from cockpit.store.scores import record_score, scores
from cockpit.store.summary import read_summary


class Told:
    """An importer that tells what it was given."""

    name = "told"
    summary = "nothing"

    def __init__(self, *items):
        self.items = items

    def fit(self, source):
        return 100

    def read(self, source):
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item


@pytest.fixture
def logs(tmp_path):
    return tmp_path / "logs"


@pytest.fixture
def bring(tmp_path, logs):
    """Imports items as if they stood in a file of this content."""

    def call(*items, content=b"content", name="some.log", **wish):
        path = tmp_path / name
        path.write_bytes(content)
        return import_source(Source(path, content), Told(*items), Wish(logs, f"cockpit import {name}", **wish))

    return call


def evaluated(key, value, name="acc", step=1):
    return Recorded(key, Eval(step=step, metrics={name: value}))


def test_runs_become_trials_in_their_order_also_when_they_are_told_in_turns(bring):
    outcome = bring(
        About(name="two runs", question="Which?", at=1_000_000.0),
        Run(key="b", label="V2", change="less", parent="V1", config={"lr": 0.1, "bs": 4}, device="tpu", seed=7),
        Run(key="a", label="V1", config={"lr": 0.2, "bs": 4}),
        Recorded("a", Step(step=1, metrics={"loss": 0.5})),
        evaluated("b", 0.25),
        Recorded("b", Norms(step=1, group="pg0", grad_mean=1.0)),
        evaluated("a", 0.75),
        Recorded("a", Note(text="well")),
        RunEnded(key="a", status="failed", reason="no test set", error="no test set"),
    )
    assert outcome.run.name == "exp001-two_runs"
    with Index(outcome.run) as index:
        sweep, (first, second) = index.sweep(), index.trials()
    assert (sweep.engine, sweep.question, sweep.metric, sweep.goal) == ("import", "Which?", "acc", "maximize")
    assert (sweep.status, sweep.started, sweep.varied) == ("finished", 1_000_000.0, ["lr"])
    assert (first.id, first.best, first.device, first.seed) == ("t000", 0.25, "tpu", 7)
    assert first.extra == {"label": "V2", "change": "less", "parent": "V1"}
    assert (second.best, second.status, second.error, second.steps) == (0.75, "failed", "no test set", 1)
    assert [(run.label, run.steps, run.evaluations, run.norms) for run in outcome.runs] == [
        ("V2", 0, 1, 1),
        ("V1", 1, 1, 0),
    ]


def test_the_summary_needs_no_index(bring):
    outcome = bring(evaluated("a", 0.5), evaluated("b", 0.75), Recorded("c", Step(metrics={"loss": 1.0})))
    assert not outcome.run.index.exists()
    summary = read_summary(outcome.run, 0.0)
    assert (summary["best"], summary["best_trial"], summary["trials"], summary["status"]) == (
        0.75,
        "t001",
        3,
        "finished",
    )
    assert summary["history"] == [0.5, 0.75, None]
    assert not outcome.run.index.exists()


@pytest.mark.parametrize(
    ("metrics", "asked", "metric", "goal"),
    [
        ([{"loss": 1.0}], "", "loss", "minimize"),
        ([{"loss": 1.0, "acc": 0.5}], "", "acc", "maximize"),
        ([{"loss": 1.0, "f1": 0.5}, {"loss": 1.0}], "", "loss", "minimize"),  # most runs have it
        ([{"memory": 1.0, "loss": 1.0}], "", "loss", "minimize"),
        ([{"loss": 1.0, "acc": 0.5}], "loss", "loss", "minimize"),
        ([{}], "", "", "maximize"),
    ],
)
def test_what_ranks_the_runs(bring, metrics, asked, metric, goal):
    items = [Recorded(str(n), Eval(metrics=values)) for n, values in enumerate(metrics)]
    with Index(bring(*items, metric=asked).run) as index:
        assert (index.sweep().metric, index.sweep().goal) == (metric, goal)


def test_what_is_evaluated_for_tuning_or_on_the_test_set_ranks_nothing(bring):
    outcome = bring(Recorded("a", Eval(phase="tune_valid", metrics={"acc": 1.0})), evaluated("a", 0.5, "loss"))
    with Index(outcome.run) as index:
        assert index.sweep().metric == "loss"


def test_scores_of_runs_and_of_merges(bring):
    outcome = bring(
        Run(key="a", label="V1"),
        Scored(key="a", value=0.9423),
        Scored(value=0.9393, merged=("V22", "V21"), note="better", private=True),
    )
    first, second = scores(outcome.run)
    assert (first.value, first.trial, first.merged) == (0.9423, "t000", ())
    assert (second.value, second.trial, second.merged, second.note) == (0.9393, "", ("V22", "V21"), "better")
    assert outcome.scores == 2 and read_summary(outcome.run, 0.0)["leaderboard"] == 0.9423


def test_nothing_with_numbers_is_no_experiment(bring, logs):
    outcome = bring(Run(key="a", label="V1"), Unread(3, "7 dwarfs"), Recorded("a", Note(text="hm")))
    assert outcome.run is None
    assert list(logs.iterdir()) == []


def test_a_failure_in_the_middle_leaves_nothing(bring, logs):
    with pytest.raises(OSError, match="gone"):
        bring(evaluated("a", 0.5), OSError("gone"))
    assert list(logs.iterdir()) == []


def test_what_a_killed_import_left_is_removed_by_the_next_one(bring, logs):
    for name in (".importing-1-1", ".importing-2-2"):
        (logs / name / "trials").mkdir(parents=True)
        (logs / name / "lock").touch()
    with (logs / ".importing-2-2" / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        bring(evaluated("a", 0.5))
    assert sorted(path.name for path in logs.iterdir()) == [".importing-2-2", "exp001-some"]


def test_the_same_content_is_known_under_another_name(bring, logs):
    first = bring(evaluated("a", 0.5))
    again = bring(evaluated("a", 0.5), name="copy.log")
    assert again.already and again.run.name == first.run.name == "exp001-some"
    assert len(experiments(logs)) == 1


def test_a_file_that_has_grown_takes_the_place_of_its_record_and_words_stay(bring, logs):
    first = bring(evaluated("a", 0.5), Scored(key="a", value=0.1))
    book.write_entry(logs, first.run)
    record_score(first.run, 0.9, private=False)
    (first.run.path / "mine.txt").write_text("keep")
    diary = logs / book.FILE
    diary.write_text(diary.read_text() + "\nMy words.\n")
    grown = bring(evaluated("a", 0.5), evaluated("a", 0.75, step=2), Scored(key="a", value=0.1), content=b"content+")
    assert grown.replaced and grown.run.name == first.run.name
    assert [(score.value, score.who == "import") for score in scores(grown.run)] == [(0.1, True), (0.9, False)]
    assert (grown.run.path / "mine.txt").read_text() == "keep"
    book.write_entry(logs, grown.run)
    assert "0.7500" in diary.read_text() and diary.read_text().endswith("\nMy words.\n")
    with Index(grown.run) as index:
        assert index.trials()[0].best == 0.75
    assert sorted(path.name for path in logs.iterdir() if path.name.startswith(".")) == [".diary.json", ".diary.lock"]


def test_a_file_of_another_beginning_is_another_experiment(bring, logs):
    bring(evaluated("a", 0.5))
    other = bring(evaluated("a", 0.5), content=b"Content+")
    assert not other.replaced and other.run.id == "exp002"


def test_a_replacement_that_was_cut_off_is_undone(bring, logs):
    first = bring(evaluated("a", 0.5))
    first.run.path.rename(logs / f".replaced-{first.run.name}")
    assert bring(evaluated("a", 0.5)).already
    assert [run.name for run in experiments(logs)] == [first.run.name]


def test_secrets_and_escape_sequences_stay_outside(bring, logs):
    secret = "hf_" + "a" * 30
    outcome = bring(
        About(name=f"\x1b[31m{secret}", question=f"key={secret}\x1b]52;c;YQ==\x07"),
        Run(
            key="a",
            label=f"V1\x1b[0m {secret}",
            config={"token": secret, "a\x1b[1m": f"api_key: {secret}"},
            note=secret,
        ),
        evaluated("a", 0.5, "acc\x1b[31m"),
        Unread(1, f"\x1b[31m7 token={secret}"),
        Scored(value=1.0, merged=(secret,), note=f"\x1b[31m{secret}"),
    )
    kept = b"".join(path.read_bytes() for path in outcome.run.path.rglob("*") if path.is_file())
    assert secret.encode() not in kept and b"\x1b" not in kept and b"u001b" not in kept and b"YQ==" not in kept
    assert secret not in outcome.run.name


def test_a_thousand_runs_need_few_open_files(bring):
    keys = [str(n) for n in range(1000)]
    items = [evaluated(key, n / 1000, step=step) for step in (1, 2) for n, key in enumerate(keys)]
    outcome = bring(*items)
    assert len(outcome.runs) == 1000 and {run.evaluations for run in outcome.runs} == {2}


def test_what_is_told_of_a_source_is_in_the_ledger(bring):
    outcome = bring(evaluated("a", 0.5), Unread(2, "7 dwarfs"))
    first = json.loads(outcome.run.sweep.read_text().splitlines()[0])
    assert first["source"]["format"] == "told" and first["source"]["size"] == 7
    assert first["command"] == "cockpit import some.log"
    assert outcome.unread() == [(2, "7 dwarfs")] and outcome.document()["unread"] == [{"line": 2, "text": "7 dwarfs"}]


def test_an_index_that_another_process_has_not_finished_is_finished_first(bring):
    outcome = bring(evaluated("a", 0.5))
    with Index(outcome.run) as index:
        assert index.trials()[0].best == 0.5
    with outcome.run.trial("t000").events.open("ab") as file:  # as if it had not been read to its end
        file.write(encode(Eval(step=2, metrics={"acc": 0.75})))
    with Index(outcome.run) as index:
        assert index.trials()[0].best == 0.75
