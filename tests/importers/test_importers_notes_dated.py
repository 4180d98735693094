"""A diary by day with experiment ids, CV and LB, in two languages and with all the slips."""

import pytest
from importers.collected import collect_text

from cockpit.importers.contract import SURE
from cockpit.importers.notes import IMPORTER
from cockpit.importers.registry import open_source

DIARY = """\
# 2021/4/10

Start with text alone, then add pictures.

* exp001: KFold(5), everything as it comes
* exp007: bert, kfold 2 -> CV .787 / LB .649

# 2020/4/11

* exp012_best: ＣＶ：０．８２１、LB: 0.701 th=15
* exp013 BERT+image 512 で CVは0.837 LB 0.727 (th 15)
    * no augmentation yet, 512 is いいかも
* exp015: 欠番

# 2021/4/12```

* exp022: bs [8, 12, 16] -> CV: 0.8067 - 0.8216 - 0.8271
* exp022_2: lr [1e-4, 2e-4] -> CV: 0.8067 / –
* exp023: m [0.1, 0.2] -> CV: 0.81 - 0.82 - 0.83
* exp029: tokens=64 CV 0.8574(+0.0014) そんなに変わらん
* exp031: fc_lr=1e-3, cnn_lr=1e-4: epoch 3 .849, epoch 1 .829 だめ
- EXP001: once more, CV=0.0.8618
- [TODO] try sub-centers
* both together CV 0.856

# 2021/4/13

1. exp044: exp013 + dropout=0.2 -> cv:0.8618 LB 0.731 よい感じ!!!!

```
Epoch 0 Step: 239 Loss: 0.0795 Tokens per Sec: 2505.8
odd line 17
```

2. exp044_2: exp044_best + batch_size=32 → CV 0.8598 (-0.02)
3. exp051_2 CV 0.886x (cv=0.53) あきらめ
4. exp052: from exp044, cv 0.8638 (+2pt) concat_th=0.5
5. exp053はexp044から cosine, CV 0.8610→0.8622（+0.02）

# 2021/4/31

* ensemble_v20_20210505: exp044 + exp051_2, 12 votes CV 0.8935 (th=0.5/0.75/0.75) public LB 0.74
* optimize_ensemble_v21: CV: .8941
* exp013: th 18.5 does as well

![curves](img/exp013.png) https://mlflow.example/#/experiments/3
"""


@pytest.fixture(scope="module")
def diary(tmp_path_factory):
    return collect_text(IMPORTER, tmp_path_factory.mktemp("diary"), DIARY)


def cv(diary, key):
    return [event.metrics["cv"] for event in diary.evals(key)]


def test_it_is_known_by_its_content(tmp_path):
    (tmp_path / "notes.txt").write_text(DIARY)
    assert IMPORTER.fit(open_source(tmp_path / "notes.txt")) == SURE


def test_every_id_is_a_run_once(diary):
    assert list(diary.runs) == [
        "exp001", "exp007", "exp012_best", "exp013", "exp022[bs=8]", "exp022[bs=12]", "exp022[bs=16]",
        "exp022_2[lr=1e-4]", "exp022_2[lr=2e-4]", "exp023", "exp029", "exp031", "EXP001", "exp044", "exp044_2",
        "exp051_2", "exp052", "exp053", "ensemble_v20_20210505", "optimize_ensemble_v21",
    ]  # fmt: skip
    assert diary.about.metric == "cv" and diary.about.goal == "maximize"


def test_scores(diary):
    expected = {
        "exp001": [], "exp007": [0.787], "exp012_best": [0.821], "exp013": [0.837], "exp022[bs=12]": [0.8216],
        "exp022_2[lr=2e-4]": [], "exp029": [0.8574], "exp031": [0.829, 0.849], "EXP001": [0.8618], "exp044": [0.8618],
        "exp044_2": [0.8598], "exp051_2": [0.886], "exp052": [0.8638], "exp053": [0.8622],
        "ensemble_v20_20210505": [0.8935], "optimize_ensemble_v21": [0.8941],
    }  # fmt: skip
    assert {key: cv(diary, key) for key in expected} == expected
    assert {score.key: score.value for score in diary.scores} == {
        "exp007": 0.649, "exp012_best": 0.701, "exp013": 0.727, "exp044": 0.731, "ensemble_v20_20210505": 0.74,
    }  # fmt: skip
    assert diary.score("ensemble_v20_20210505").merged == ("ensemble_v20_20210505", "exp044", "exp051_2")


def test_thresholds_stand_beside_their_score(diary):
    assert diary.evals("exp013")[0].metrics["th"] == 15.0
    assert diary.evals("exp051_2")[0].metrics["th"] == 0.53
    assert diary.evals("exp052")[0].metrics["concat_th"] == 0.5
    merged = diary.evals("ensemble_v20_20210505")[0].metrics
    assert [merged[f"th_{number}"] for number in (1, 2, 3)] == [0.5, 0.75, 0.75]


def test_epochs_that_are_named(diary):
    assert [(event.epoch, event.metrics["cv"]) for event in diary.evals("exp031")] == [(1, 0.829), (3, 0.849)]


def test_settings_and_parents(diary):
    configs = {key: dict(run.config) for key, run in diary.runs.items() if run.config}
    assert configs == {
        "exp022[bs=8]": {"batch_size": 8}, "exp022[bs=12]": {"batch_size": 12}, "exp022[bs=16]": {"batch_size": 16},
        "exp022_2[lr=1e-4]": {"lr": 0.0001}, "exp022_2[lr=2e-4]": {"lr": 0.0002}, "exp029": {"tokens": 64},
        "exp031": {"fc_lr": 0.001, "cnn_lr": 0.0001}, "exp044": {"dropout": 0.2}, "exp044_2": {"batch_size": 32},
    }  # fmt: skip
    parents = {key: run.parent for key, run in diary.runs.items() if run.parent}
    assert parents == {"exp044": "exp013", "exp044_2": "exp044", "exp052": "exp044", "exp053": "exp044"}
    assert diary.runs["exp044_2"].change == "exp044_best + batch_size=32"
    assert diary.runs["exp013"].change == "BERT+image 512"
    assert diary.runs["exp031"].change == "fc_lr=1e-3, cnn_lr=1e-4"
    assert diary.runs["exp022[bs=8]"].change == "bs=8"


def test_verdicts_of_their_author_come_first_in_the_note(diary):
    marks = {key: run.note[:1] for key, run in diary.runs.items() if run.note[:1] in "✅❌➖"}
    assert marks == {"exp013": "✅", "exp029": "➖", "exp031": "❌", "exp044": "✅", "exp051_2": "❌"}


def test_a_claimed_difference_that_the_scores_contradict_is_told(diary):
    doubted = {key for key, run in diary.runs.items() if "the note says" in run.note}
    assert doubted == {"exp044_2", "exp053"}
    assert "the note says -0.02; its scores differ by -0.0020 from exp044" in diary.runs["exp044_2"].note
    assert "0.886x: its last digits are not known" in diary.runs["exp051_2"].note


def test_days_are_the_begin_of_runs_and_slips_are_mended(diary):
    days = {key: (run.started - 1617926400) / 86400 for key, run in diary.runs.items()}  # after 2021-04-09
    assert (days["exp001"], days["exp013"], days["exp022[bs=8]"], days["exp044"]) == (1, 2, 3, 4)
    assert days["optimize_ensemble_v21"] == 4  # there is no 31st of April


def test_an_id_that_comes_back_adds_to_its_run(diary):
    assert "2021-04-13: th 18.5 does as well" in diary.runs["exp013"].note
    assert "![curves](img/exp013.png)" in diary.runs["exp013"].note
    assert len(diary.evals("exp013")) == 1


def test_a_log_below_an_entry_is_its_own(diary):
    (step,) = diary.steps("exp044", "train")
    assert (step.step, step.metrics["loss"]) == (239, 0.0795)
    assert diary.evals("exp044")[0].step == 240


def test_what_belongs_to_no_run(diary):
    assert "exp015: unused number (欠番)" in diary.about.note
    assert "2021-04-12: - [TODO] try sub-centers" in diary.about.note
    assert "Start with text alone" in diary.about.note


def test_numbers_that_were_not_understood_are_listed(diary):
    assert {one.text for one in diary.unread} == {
        "m [0.1, 0.2] -> CV: 0.81 - 0.82 - 0.83",
        "odd line 17",
        "* both together CV 0.856",
    }
    lines = DIARY.split("\n")
    assert all(one.text in lines[one.line - 1] for one in diary.unread)


def test_entries_that_are_headings(tmp_path):
    entries = "## exp101: base\nwords CV 0.81\n### why\n* item\n## exp102\nfrom exp101, CV 0.82\n"
    text = f"# 2021/4/12\n{entries}## Later\nrest\n"
    found = collect_text(IMPORTER, tmp_path, text)
    assert {key: cv(found, key) for key in found.runs} == {"exp101": [0.81], "exp102": [0.82]}
    assert found.runs["exp101"].note == "base\nwords CV 0.81\nwhy\n* item"
    assert found.runs["exp102"].parent == "exp101"
    assert found.about.note == "2021-04-12: Later\n2021-04-12: rest"
