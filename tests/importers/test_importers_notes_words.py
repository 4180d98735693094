"""What single lines of notes say."""

from datetime import date

import pytest

from cockpit.importers.notes import days, measured, settings, sweeps, words
from cockpit.importers.notes.document import Block, Heading, Prose, parts_of, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 epochs, and the auxiliary one is /4", {"epochs": 3, "aux_weight": 0.25}),
        ("aux_loss/5, two epochs", {"aux_weight": 0.2, "epochs": 2}),
        ("aux weight is /4 now", {"aux_weight": 0.25}),
        ("test 1 epoch", {"epochs": 1}),
        ("0.1 epochs are enough", {"epochs": 0.1}),
        ("one more epoch, or only one epoch?", {"epochs": 1}),
        ("label smoothing to 0.05", {"smoothing": 0.05}),
        ("back to smooth 0.1, lr 3e-6", {"smoothing": 0.1, "lr": 3e-06}),
        ("batch_size=32, Learning rate: 0.001", {"batch_size": 32, "lr": 0.001}),
        ("bs 16 and dropout 0.2 with optimizer=adamw", {"batch_size": 16, "dropout": 0.2, "optimizer": "adamw"}),
        ("score=0.9 cv=0.53 th=15 loss = 0.1", {}),  # measured, not set
        ("lr 0.1%, batch 3/100, see aux/data", {}),
        ("no settings at all", {}),
    ],
)
def test_settings_in_words(text, expected):
    assert settings.in_words(text) == expected


CODE = '''\
class Loss(nn.Module):
    def __init__(self, smoothing = 0.2):
        self.rows = 7

class TrainConfig:
    """ Of this notebook """
    workers = 0  # comment
    lr = 0.5 * 1e-5 # rate
    ratio: float = -1 / 4
    name = "run # 1"
    n_epochs = 2
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau
    params = dict(
        factor=0.7,
    )
    huge = 9 ** 9 ** 9
    deep = ((((1))))

loss = main + aux\\_loss/8
batch = 5
'''


def test_settings_in_code():
    assert settings.in_code(CODE) == {
        "smoothing": 0.2, "aux_weight": 0.125, "workers": 0, "lr": 5e-06, "ratio": -0.25, "epochs": 2, "deep": 1,
        "name": "run # 1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "f(1)",
        "x",
        "[1]",
        "1 / 0",
        "9" * 5000,
        "(" * 150 + ")" * 150,
        "1 +",
        "'a' * 2",
        "lambda: 1",
        "2 ** 3",
        "1e308 * 10",
        "'\\_' + 1",
    ],
)
def test_what_is_no_plain_value(text):
    assert settings.in_code(f"class Config:\n    value = {text}\n    other = 1") == {"other": 1}


@pytest.mark.parametrize(
    ("text", "cv", "lb", "thresholds"),
    [
        ("CV 0.8618 LB 0.731", [(0, 0.8618)], [(False, 0.731)], {}),
        ("cv: .787 / lb: .649", [(0, 0.787)], [(False, 0.649)], {}),
        ("CVは0.8613、LBは0.727でした", [(0, 0.8613)], [(False, 0.727)], {}),
        ("ＣＶ：０．８２１　ｔｈ＝１５", [(0, 0.821)], [], {"th": 15.0}),
        ("CV=0.0.8618", [(0, 0.8618)], [], {}),
        ("cv 0.886x (cv=0.53)", [(0, 0.886)], [], {"th": 0.53}),
        ("CV (fold0): 0.8613", [(0, 0.8613)], [], {}),
        ("CV 0.8610→0.8622 (+0.02)", [(0, 0.8622)], [], {}),
        ("CV 0.87, private LB 0.71, public LB 0.72", [(0, 0.87)], [(True, 0.71), (False, 0.72)], {}),
        ("CV 0.87 public 0.72 private score .71", [(0, 0.87)], [(False, 0.72), (True, 0.71)], {}),
        ("epoch 3 .849, epoch 1 .829", [(3, 0.849), (1, 0.829)], [], {}),
        ("cosine -> 0.8613 (+1.4pt)", [(0, 0.8613)], [], {}),
        ("CV 0.88 th=0.5/0.75/0.8", [(0, 0.88)], [], {"th_1": 0.5, "th_2": 0.75, "th_3": 0.8}),
        ("CV 0.88 (threshold 18.5) concat_th=0.5", [(0, 0.88)], [], {"th": 18.5, "concat_th": 0.5}),
        ("閾値 0.4 CV 0.8", [], [], {"th": 0.4}),  # one digit is no score that somebody wrote down
        ("recv 0.85 cv_score lr 0.0003", [], [], {}),
        ("dropout 0.25 and 12 votes, 85%", [], [], {}),
    ],
)
def test_scores_and_thresholds(text, cv, lb, thresholds):
    found = measured.measured(measured.normal(text))
    assert (found.cv, found.lb, found.thresholds) == (cv, lb, thresholds)


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("CV 0.86 (+0.002)", [0.002]),
        ("CV 0.86（＋２pt）", [0.002]),
        ("0.85と-0.01", [-0.01]),
        ("a+0.1b", []),
        ("1e-3", []),
    ],
)
def test_claimed_differences(text, claimed):
    assert measured.measured(measured.normal(text)).claimed == pytest.approx(claimed)


def test_a_digit_that_nobody_wrote_down_is_told():
    assert measured.measured("CV 0.886x").unsure == ["0.886x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bs [8, 12, 16] -> CV: 0.80 - 0.81 - 0.82", [(8, 0.80), (12, 0.81), (16, 0.82)]),
        ("lr=[1e-4, 2e-4] で CV .80 / –", [(0.0001, 0.80), (0.0002, None)]),
        ("pooling [gem, max, avg]: cv 0.8, 0.81, 0.82", None),
        ("head [gem, max] → 0.801 → 0.812", [("gem", 0.801), ("max", 0.812)]),
        ("m [0.1, 0.2, 0.3] -> CV: 0.80 - 0.81", []),  # two results for three values
        ("see [the notebook](https://x.example/0.85)", []),
    ],
)
def test_sweeps(text, expected):
    if expected is None:
        expected = []  # 0.8 has too few digits to be a score
    assert [(one.value, one.result) for one in sweeps.swept(text)] == expected


def test_a_sweep_whose_lists_differ_is_known_to_be_one():
    assert sweeps.is_sweep("m [0.1, 0.2, 0.3] -> CV: 0.80 - 0.81")
    assert not sweeps.is_sweep("m [0.1, 0.2, 0.3] next week")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("いいかも", "✅"), ("よい感じ!!!!", "✅"), ("すごい!!!!", "✅"), ("そんなに", "➖"), ("そんな変わらん", "➖"),
        ("そんなによい感じではない", "➖"), ("だめ", "❌"), ("ダメだった", "❌"), ("没", "❌"), ("ぼつ", "❌"),
        ("すて", "❌"), ("あきらめた", "❌"), ("no change at all", "➖"), ("score went up", ""),
        ("nice!", ""), ("ぜんぶ", ""),
    ],
)  # fmt: skip
def test_verdicts(text, mark):
    assert words.verdict_in(text) == mark


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("error for providing test datasets", True),
        ("test failed again (no submission.csv)", True),
        ("OOM on the second fold", True),
        ("crashed after an hour", True),
        ("the error rate went down", False),
        ("might be over-fit or some other problem", False),
        ("failed to beat the baseline", False),
        ("less error than before", False),
    ],
)
def test_failures(text, failed):
    assert words.failure_in(text) is failed


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("merge with version 6 results so better", ("V9", "V6")),
        ("blended with V3 and v4", ("V9", "V3", "V4")),
        ("merged it with earlier results", ("V9", "earlier results")),
        ("merge more data with the synthesizer", ()),
        ("without merging others", ()),
    ],
)
def test_merges(text, merged):
    found = words.merged_with(text, "V9")
    assert found == merged


def test_days_follow_each_other():
    written = [(2021, 4, 10), (2020, 4, 11), (2021, 4, 12), (2021, 3, 13), (2021, 4, 31), (2021, 4, 14), (2021, 5, 1)]
    assert days.mended(written) == [
        date(2021, 4, 10), date(2021, 4, 11), date(2021, 4, 12), date(2021, 4, 13), None, date(2021, 4, 14),
        date(2021, 5, 1),
    ]  # fmt: skip
    assert days.written("2021/4/12```") == (2021, 4, 12)
    assert days.written("2021年4月12日") == (2021, 4, 12)
    assert days.written("Day 3") is None
    assert days.seconds(date(2021, 4, 12)) == 1618185600.0


DOCUMENT = """\
# A heading #

Prose
- item
    more of the item

    code = 1

    more = 2

Train Step 1, loss: 0.5, final_score: 0.6, time: 1
Train Step 2, loss: 0.4, final_score: 0.7, time:
2.5000
plain words

~~~python
# no heading
~~~
```
epoch 1 loss: 0.5
"""


def test_a_document_is_cut_into_parts():
    parts = list(parts_of(DOCUMENT))
    assert [type(part) for part in parts] == [Heading, Prose, Prose, Prose, Prose, Prose, Block, Prose, Block, Block]
    assert (parts[0].text, parts[0].level) == ("A heading", 1)
    assert [part.text for part in parts if isinstance(part, Prose)][:3] == ["Prose", "- item", "more of the item"]
    log, python, rest = (part for part in parts if isinstance(part, Block))
    assert (log.line, len(log.lines), log.is_log, log.is_fenced) == (11, 3, True, False)
    assert (python.language, python.lines, python.is_log) == ("python", ["# no heading"], False)
    assert (rest.line, rest.is_log) == (20, True)


def test_code_outside_of_fences_is_one_block():
    (prose, code, last) = parts_of("Words\n\nimport x\n\nclass A:\n    b = 1\n\n    c = 2\n\nand words")
    assert isinstance(prose, Prose) and isinstance(last, Prose)
    assert code.text == "import x\n\nclass A:\n    b = 1\n\n    c = 2"


def test_a_fence_in_a_list_and_values_far_down():
    text = (
        "- item\n\n    ```\n    Parameter Group 0\n        lr: 1\n"
        + "    words\n" * 900
        + "    loss: 0.5\n    ```\n- more"
    )
    (item, log, more) = parts_of(text)
    assert (item.text, more.text) == ("- item", "- more")
    assert log.is_log and (log.line, log.lines[0], log.lines[1]) == (4, "Parameter Group 0", "    lr: 1")


def test_marks_of_emphasis_go_and_names_stay():
    assert plain(r"**Version** 7 of *aux\_loss* and x ** 2") == "Version 7 of aux_loss and x ** 2"
