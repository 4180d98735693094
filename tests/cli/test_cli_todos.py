"""`cockpit diary --todo`."""

import json

import pytest
from builders import Recorder

DIARY = """\
# 2026-11-20

<!-- cockpit:begin exp001 -->
## exp001
<!-- cockpit:end exp001 -->

- [x] flips
- TODO mixup
- TODO larger images
"""


@pytest.fixture
def logs(folder):
    logs = folder / "logs"
    Recorder(logs).trial(0, [0.5]).end()
    Recorder(logs, "exp002-hill", question="Does mixup help?").trial(0, [0.5]).end()
    (logs / "diary.md").write_text(DIARY)
    return logs


def test_a_list_of_what_was_marked(cockpit, logs):
    answer = cockpit("diary", "--todo")
    assert (answer.code, answer.err) == (0, "")
    assert [line.split() for line in answer.out.splitlines()] == [
        ["date", "where", "state", "by", "what"],
        ["2026-11-20", "exp001", "open", "larger", "images"],
        ["2026-11-20", "exp001", "followed", "up?", "exp002", "(question)", "mixup"],
        ["2026-11-20", "exp001", "done", "flips"],
    ]


def test_one_json_document(cockpit, logs):
    found = json.loads(cockpit("diary", "exp001", "--todo", "--json").out)["todos"]
    assert found[1] == {
        "text": "mixup",
        "state": "followed up?",
        "experiment": "exp001",
        "trial": "",
        "label": "",
        "date": "2026-11-20",
        "followed_up_by": [{"name": "exp002", "by": "question"}],
    }
    assert json.loads(cockpit("diary", "exp002", "--todo", "--json").out) == {"todos": []}


def test_nothing_marked(cockpit, folder):
    answer = cockpit("diary", "--todo")
    assert answer.code == 0
    assert "nothing is marked TODO" in answer.out


def test_the_diary_itself_is_no_json(cockpit, logs):
    assert "--todo" in cockpit("diary", "--json").complaint
