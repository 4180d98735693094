"""Confirmations from the command line: from the plan over the end of the sweep to the lists."""

import json

import pytest

WORDS = ("sweep", "hill.yaml", "--trials", "4", "--logs", "logs")


@pytest.fixture
def confirmed(cockpit):
    return cockpit(*WORDS, "--confirm", "2")


def test_a_plan_tells_what_comes_after_the_search(cockpit):
    told = cockpit(*WORDS, "--confirm", "2", "--dry-run", "--no-measure").out
    assert "\n4 trials + 4 confirmations, 2 at once, " in told
    assert "\nconfirm: 2\n" in told
    plan = json.loads(cockpit(*WORDS, "--confirm", "2", "--dry-run", "--no-measure", "--json").out)
    assert (plan["trials"], plan["planned"]) == (4, "4 trials + 4 confirmations")


def test_the_verdict_stands_wherever_the_experiment_does(confirmed, cockpit, folder):
    assert confirmed.code == 0
    assert " + 4 confirmations\n" in confirmed.out
    (line,) = [line for line in confirmed.out.splitlines() if "against the baseline" in line]
    assert line.startswith("✅ against the baseline +0.")
    assert line.endswith(" on 2 fresh seeds: the same each time, as no run depends on its seed")
    assert "✓ finished, better" in cockpit("ls", "--logs", "logs").out
    assert "\n✅ +0." in cockpit("show", "latest", "--logs", "logs").out
    document = json.loads(cockpit("show", "latest", "--logs", "logs", "--json").out)
    assert (document["verdict"]["mark"], len(document["verdict"]["pairs"])) == ("better", 2)
    assert [trial["confirms"] for trial in document["confirmations"]].count("t000") == 2
    assert len(document["trials"]) == 4
    (summary,) = json.loads(cockpit("ls", "--logs", "logs", "--json").out)
    assert (summary["verdict"], summary["ended_trials"], summary["confirmations"]) == ("better", 4, 4)
    assert "## exp001 · hill ✅" in (folder / "logs" / "diary.md").read_text()


def test_pairs_are_not_added_once_the_verdict_is_known(confirmed, cockpit):
    again = cockpit("sweep", "--resume", "exp001", "--confirm", "9", "--logs", "logs")
    assert (
        again.complaint
        == "cockpit: --resume goes on with the search that exp001 has; drop --confirm; see `cockpit sweep --help`"
    )


def test_more_trials_may_still_be_searched_and_are_confirmed(confirmed, cockpit):
    again = cockpit("sweep", "--resume", "exp001", "--trials", "8", "--logs", "logs")
    assert again.code == 0, again.err
    document = json.loads(cockpit("show", "latest", "--logs", "logs", "--json").out)
    assert len(document["trials"]) == 8
    confirming = [trial["confirms"] for trial in document["confirmations"]]
    assert confirming.count("t000") == confirming.count(document["best_trial"]) == 2
    assert len(document["verdict"]["pairs"]) == 2


@pytest.mark.parametrize(
    ("words", "problem"),
    [(("--confirm", "1"), "confirm: 1 pair shows no noise"), (("--confirm", "-1"), "confirm: -1 is below 0")],
)
def test_what_confirms_nothing_is_refused(cockpit, words, problem):
    assert problem in cockpit(*WORDS, *words).complaint
