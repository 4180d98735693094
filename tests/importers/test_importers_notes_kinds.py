"""Notes by version with their slips, by ✅ and ❌, and in no convention; and what are no notes."""

import pytest
from importers.collected import collect_text

from cockpit.importers.contract import LIKELY, NO, SURE
from cockpit.importers.notes import IMPORTER
from cockpit.importers.registry import open_source

LATER = """\
# more submissions

## V28
lr 3e-6
0.9373

## **Verison 29**, longer

**score**: 0.9410 (blended with v28)
**cv** 0.955

### what I saw
loss falls slowly, no idea why.

## V30 same again
*score* 0.9415 once, then nothing
## v31
crashed at the second epoch, 2 epochs
Train Step 25, loss: 0.5, final_score: 0.9, time: 9.5
[RESULT]: Validation. Epoch: 1, loss: 0.6, final_score: 0.95, time:
28.5
final words 12
# V28 + v29, v30 => .9420
## V2.1 is a release
private score 0.5
"""


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    return collect_text(IMPORTER, tmp_path_factory.mktemp("later"), LATER)


def test_versions_with_scores_that_stand_alone(later):
    assert list(later.runs) == ["V28", "V29", "V30", "V31"]
    assert {score.key: score.value for score in later.scores} == {
        "V28": 0.9373, "V29": 0.9410, "V30": 0.9415, "": 0.9420,
    }  # fmt: skip
    assert later.score("V29").merged == ("V29", "V28")
    assert later.score("V30").note == "once, then nothing"
    assert later.score("").merged == ("V28", "V29", "V30")
    assert later.runs["V28"].config == {"lr": 3e-06}
    assert later.evals("V29")[0].metrics == {"cv": 0.955}


def test_headings_below_a_version_are_its_words(later):
    assert later.runs["V29"].change == "longer"
    assert "### what I saw\nloss falls slowly, no idea why." in later.runs["V29"].note
    assert later.runs["V30"].change == "same again"


def test_a_log_without_a_fence(later):
    assert [event.step for event in later.steps("V31", "train")] == [25]
    assert (later.evals("V31")[0].time, later.evals("V31")[0].epoch) == (28.5, 0)
    assert later.ended["V31"].reason == "crashed at the second epoch"
    assert later.runs["V31"].change == "2 epochs"
    assert "final words 12" in later.runs["V31"].note
    assert "V2.1 is a release" in later.about.note and "private score 0.5" in later.about.note


def test_other_logs_without_a_fence(tmp_path):
    lines = "Epoch 1/2 - loss: 0.5\nepoch: 2, train loss 0.4\n{'loss': 0.3, 'epoch': 3.0}\n"
    text = f"## V1\n{lines}\nepoch 3 had a loss of 0.3, fine\n**score** 0.9\n## V2\n**score** 0.8\n"
    found = collect_text(IMPORTER, tmp_path, text)
    assert [event.metrics["loss"] for event in found.steps("V1", "train")] == [0.5, 0.4, 0.3]
    assert found.runs["V1"].note + found.runs["V1"].change == "epoch 3 had a loss of 0.3, fine"


ANEW = """\
## V1
```
Train Step 1, loss: 0.9, final_score: 0.5, time: 1
Train Step 2, loss: 0.8, final_score: 0.6, time: 2
```
and on it goes
```
Train Step 3, loss: 0.7, final_score: 0.7, time: 3
```
and once more from the start
```
Train Step 0, loss: 0.95, final_score: 0.5, time: 1
Train Step 1, loss: 0.85, final_score: 0.6, time: 2
```
**score** 0.7
"""


def test_blocks_that_go_on_and_blocks_that_begin_anew(tmp_path):
    found = collect_text(IMPORTER, tmp_path, ANEW)
    steps = found.steps("V1", "train")
    assert [event.step for event in steps] == [1, 2, 3, 4, 5]
    assert [event.metrics["loss"] for event in steps] == [0.9, 0.8, 0.7, 0.95, 0.85]


def test_a_log_that_ends_in_an_exception(tmp_path):
    log = "```\nTrain Step 1, loss: 0.9, final_score: 0.5, time: 1\n{}```\n"
    error = 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: fold 7\n'
    more = "Train Step 2, loss: 0.9, final_score: 0.5, time: 1\n"
    text = f"## V1\n{log.format(error)}## V2\n{log.format(error + more)}## V3\n{log.format(error)}**score** 0.9\n"
    found = collect_text(IMPORTER, tmp_path, text)
    assert {key: end.reason for key, end in found.ended.items()} == {"V1": "ValueError: fold 7"}
    assert found.unread == [] and len(found.steps("V2", "train")) == 2


def test_a_score_of_nothing_is_listed(tmp_path):
    found = collect_text(IMPORTER, tmp_path, "## V1\n**score** 0.9\n# All together\n0.9393\n")
    assert [(one.line, one.text) for one in found.unread] == [(4, "0.9393")]
    assert found.about.note == "# All together\n0.9393"


@pytest.mark.parametrize(
    ("line", "scores", "change"),
    [
        ("**score** 0.94", [0.94], ""),
        ("**score:** .94", [0.94], ""),
        ("__score__: 0.94", [0.94], ""),
        ("- *score* -> 0.94", [0.94], ""),
        ("Score: 12", [12.0], ""),
        ("score .94 at last", [0.94], ""),
        ("score 5 of 10 times", [], "score 5 of 10 times"),
        ("scores are nice", [], "scores are nice"),
        ("**score** pending", [], ""),
        ("change: use more", [], "use more"),
        ("change of heart", [], "change of heart"),
        ("**changes** use more", [], "use more"),
    ],
)
def test_fields(tmp_path, line, scores, change):
    found = collect_text(IMPORTER, tmp_path, f"## V1\n{line}\n## V2\n**score** 0.5\n")
    assert [score.value for score in found.scores if score.key == "V1"] == scores
    assert found.runs["V1"].change == change


TICKED = """\
# Sounds

✅ = raised the quality, ❌ = did not.

Public Score: 0.529 (baseline 0.51)

### Part 1

✅ 30 epochs instead of 10
- ✅ - `CosineAnnealingLR`

```python
class Config:
    lr = 1e-3
```

![plot](img/part1.png)

## Architecture

* Sigmoid in place of ReLU ❌
* :x: Dropout(0.6) and a smaller head

| change | kept |
|---|---|
| batch size 64 | ✅ |
"""


@pytest.fixture(scope="module")
def ticked(tmp_path_factory):
    return collect_text(IMPORTER, tmp_path_factory.mktemp("ticked"), TICKED)


def test_changes_with_their_marks(ticked):
    changes = {key: run.note[:1] for key, run in ticked.runs.items() if key != "baseline"}
    assert changes == {
        "30 epochs instead of 10": "✅", "CosineAnnealingLR": "✅", "Sigmoid in place of ReLU": "❌",
        "Dropout(0.6) and a smaller head": "❌", "batch size 64": "✅",
    }  # fmt: skip
    assert all(run.change.replace("`", "") == key for key, run in ticked.runs.items() if key != "baseline")
    assert ticked.runs["30 epochs instead of 10"].config == {"epochs": 30}
    assert ticked.runs["batch size 64"].config == {"batch_size": 64}


def test_code_plots_and_parts_stand_with_their_change(ticked):
    cosine = ticked.runs["CosineAnnealingLR"]
    assert cosine.note == "✅ Part 1\n![plot](img/part1.png)"
    assert cosine.config == {"lr": 0.001}
    assert ticked.notes("CosineAnnealingLR") == ["class Config:\n    lr = 1e-3"]
    assert ticked.runs["Sigmoid in place of ReLU"].note == "❌ Architecture"


def test_the_public_score_and_what_it_began_from(ticked):
    assert ticked.score("").value == 0.529
    assert ticked.score("baseline").value == 0.51
    assert {run.parent for key, run in ticked.runs.items() if key != "baseline"} == {"baseline"}


HEADED = """\
A start before all headings:

```
epoch 1 loss: 0.9
```

# A smaller rate

The second one.

```text
epoch 1 loss: 0.5 acc: 0.7
epoch 2 loss: 0.4 acc: 0.8
odd 17 words 3
```

## Thoughts

It works.

# Nothing printed here

# A smaller rate

```
epoch 1 loss: 0.3
```
"""


def test_logs_under_any_heading_are_runs(tmp_path):
    found = collect_text(IMPORTER, tmp_path, HEADED, "mine.md")
    assert list(found.runs) == ["mine", "A smaller rate", "A smaller rate (2)"]
    assert [event.metrics["loss"] for event in found.steps("A smaller rate", "train")] == [0.5, 0.4]
    assert found.runs["A smaller rate"].change == "The second one."
    assert "It works." in found.runs["A smaller rate"].note
    assert [(one.line, one.text) for one in found.unread] == [(14, "odd 17 words 3")]
    assert "Nothing printed here" in found.about.note


PLAIN_LOG = "".join(f"Train Step {step}, loss: 0.5, final_score: 0.9, time: {step}\n" for step in range(1, 9))
README = """\
# Cool tool

## v1.2.0

- exp001 is an example, ✅ fast, 3 ms
- it has a score of 0.5

## Version 3

```sh
pip install cool==1.0
```
"""
OWN = (
    "# 2026-11-20\n\n<!-- cockpit:begin exp012 -->\n## exp012 · x\n\n**score** CV 0.8613\n<!-- cockpit:end exp012 -->\n"
)


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        (LATER, SURE),
        (TICKED, 90),
        (HEADED, LIKELY),
        (PLAIN_LOG, NO),
        ("# made by hand\n" + PLAIN_LOG, NO),
        ("# by hand\n" + "val acc: 0.5\n" * 3 + "```\nepoch 2 loss: 0.4\n```\n", NO),
        ("```\nepoch 2 loss: 0.4\n```\n", NO),
        (README, NO),
        (OWN, NO),
        ("", NO),
        ("\n\n# \n", NO),
        ("```\n", NO),
        ("- exp012: faster\n- exp013: slower\n", NO),
        ("step,loss\n1,0.5\n2,0.4\n", NO),
        ('{"step": 1, "loss": 0.5}\n', NO),
        ("\0" * 50 + LATER, NO),
    ],
)
def test_notes_are_known_by_their_content(tmp_path, text, fit):
    path = tmp_path / "some.file"
    path.write_text(text)
    assert IMPORTER.fit(open_source(path)) == fit
    assert IMPORTER.fit(open_source(tmp_path)) == NO


def test_a_file_that_no_person_wrote_is_hardly_one(tmp_path, monkeypatch):
    monkeypatch.setattr("cockpit.importers.notes.reading.LARGEST", 100)
    path = tmp_path / "notes.md"
    path.write_text(LATER)
    assert NO < IMPORTER.fit(open_source(path)) < LIKELY // 4  # whatever else it may be, it is rather that
    found = collect_text(IMPORTER, tmp_path, LATER)
    assert [one.line for one in found.unread] == [0] and "V31" not in found.runs
