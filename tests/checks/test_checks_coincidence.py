"""A value of one metric that two trials share: worth a question only where values do not meet by chance."""

import pytest
from builders import Recorder

from cockpit.checks.coincidence import shared_values
from cockpit.events.kinds import Eval
from cockpit.store.reader import Index

SHARED = [  # what the notes of a submission log show
    {"auc": 0.95114, "mcc": 0.56823}, {"auc": 0.95422, "mcc": 0.61094}, {"auc": 0.95411, "mcc": 0.58527},
    {"auc": 0.94887, "mcc": 0.58527}, {"auc": 0.95609, "mcc": 0.59917}, {"auc": 0.95454, "mcc": 0.60239},
]  # fmt: skip


def findings(tmp_path, *metrics):
    recorder = Recorder(tmp_path, metric="auc", trials=len(metrics))
    for number, values in enumerate(metrics):
        writer = recorder.start(number)
        writer.write(Eval(step=1, metrics=values))
        recorder.finish(number, writer)
    with Index(recorder.end()) as index:
        return list(shared_values("identical metrics", index.trials()))


def test_one_value_that_two_share_is_asked_about(tmp_path):
    (found,) = findings(tmp_path, *SHARED)
    assert found.is_bad and found.trials == ("t002", "t003")
    assert found.text == (
        "t002, t003 share mcc 0.58527 and differ in their other metrics: predictions of the same model, or a number "
        "copied?"
    )


ROWS = 240  # accuracies of so few rows meet all the time


@pytest.mark.parametrize(
    "metrics",
    [
        SHARED[:4],  # too few values to know how they are spread
        [*SHARED, SHARED[0] | {"auc": 0.9}],  # they meet often
        [values | {"auc": 0.9} for values in SHARED],  # nothing else differs
        [{"auc": values["auc"], "mcc": 0.0} for values in SHARED],  # says nothing
        [values | {"acc": (200 + 7 * n) / ROWS} for n, values in enumerate(SHARED)],  # few rows
        [{"auc": 0.9 + n / 1000, "acc": round((200 + n * n % 7) / ROWS, 5)} for n in range(6)],
        [{"auc": 0.9 + n / 987} for n in range(6)],
        [],
    ],
)
def test_what_is_no_wonder(tmp_path, metrics):
    assert findings(tmp_path, *metrics) == []
