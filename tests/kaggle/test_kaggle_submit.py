"""`cockpit kaggle submit`, `scores`, `status`, `leaderboard` and `quota` from the outside."""

import json

import pytest
from account import KEY, Competition, Kernel, table

from cockpit.kaggle.intents import FILE, Ledger, Settling
from cockpit.kaggle.submitting import FromFile, submit
from cockpit.store.folder import RunFolder
from cockpit.store.scores import scores

QUICK = ("--every", "0", "--settle", "0")
SAMPLE = table(["id", "target"], [[n, 0.5] for n in range(5)])
GOOD = table(["id", "target"], [[n, n / 10] for n in reversed(range(5))])


@pytest.fixture
def titanic(service, logs):
    """A competition, and a submission of the best trial."""
    (logs / "exp001-hill" / "trials" / "t001" / "submission.csv").write_bytes(GOOD)
    competition = Competition(files={"sample_submission.csv": SAMPLE}, scores=["0.77512"], looks_left=2)
    return service.account.competitions.setdefault("titanic", competition)


def run_of(logs):
    return RunFolder(logs / "exp001-hill")


def test_a_submission_is_checked_made_scored_and_written_into_the_diary(cockpit, titanic, logs, service):
    answer = cockpit("kaggle", "submit", "exp001", "-c", "titanic", *QUICK)
    assert answer.code == 0, answer
    lines = answer.out.splitlines()
    assert lines[0].endswith("t001/submission.csv: 5 rows, 2 columns as in sample_submission.csv")
    assert lines[1:] == [
        "titanic: 0 submitted today, 5 left",
        "titanic: submitted as 1000",
        "exp001: LB 0.77512; it stands in the diary",
    ]
    assert answer.err.splitlines() == ["waiting for the score"]
    (submission,) = titanic.submissions
    assert submission["description"].startswith("exp001/t001 [ck-")
    (score,) = scores(run_of(logs))
    assert (score.value, score.private, score.trial, score.note) == (
        0.77512,
        False,
        "t001",
        "submission 1000 to titanic",
    )
    assert "LB 0.77512" in (logs / "diary.md").read_text()
    assert " 0.7751 " in cockpit("ls").out


def test_the_same_thing_is_submitted_once_unless_it_is_wanted_again(cockpit, titanic, logs, service):
    first = cockpit("kaggle", "submit", "exp001", "-c", "titanic", "--json", *QUICK).document
    assert (first["ref"], first["new"], first["state"], first["public"]) == (1000, True, "complete", 0.77512)
    second = cockpit("kaggle", "submit", "exp001/t001", "-c", "titanic", *QUICK)
    assert "was submitted before as 1000, and not again; --again does" in second.out
    (logs / FILE).unlink()  # another machine, or a lost record: the list knows
    third = cockpit("kaggle", "submit", "exp001", "-c", "titanic", "--json", *QUICK).document
    assert (third["ref"], third["new"]) == (1000, False)
    fourth = cockpit("kaggle", "submit", "exp001", "-c", "titanic", "--again", "--json", *QUICK).document
    assert (fourth["ref"], fourth["new"]) == (1001, True)
    assert (len(titanic.submissions), service.count("CreateSubmission")) == (2, 2)
    assert [one.value for one in scores(run_of(logs))] == [0.77512, 0.75]


def test_an_answer_that_never_came_is_looked_up(cockpit, titanic, service):
    service.fault("CreateSubmission", "reset", after=True)
    answer = cockpit("kaggle", "submit", "exp001", "-c", "titanic", "--no-wait", *QUICK)
    assert "titanic: submitted as 1000" in answer.out
    assert len(titanic.submissions) == 1


def test_what_is_not_certain_is_said_and_settled_by_the_same_command(cockpit, titanic, service, logs):
    service.fault("CreateSubmission", 503)
    command = ("kaggle", "submit", "exp001", "-c", "titanic", "--no-wait", *QUICK)
    answer = cockpit(*command)
    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert "it is not certain whether Kaggle took it" in answer.err
    status = cockpit("kaggle", "status")
    assert "submission to titanic: sending; the same command again settles it" in status.out
    assert "submitted as 1000" in cockpit(*command).out
    assert cockpit("kaggle", "status", "--json").document == {"user": "alice", "done": 1, "open": []}


def test_a_list_that_is_behind_does_not_make_a_second_submission(client, titanic, service, logs):
    """The list shows what it was given 30 seconds later, and the answer was lost."""
    now = 1000.0

    def sleep(seconds):
        nonlocal now
        now += seconds
        titanic.hidden = 99 if now < 1030 else 0

    titanic.hidden = 99
    settling = Settling(90.0, 5.0, sleep, lambda: now)
    service.fault("CreateSubmission", "reset", after=True)
    source = FromFile(run_of(logs).trial("t001").path / "submission.csv")
    outcome = submit(client, Ledger(logs), "titanic", source, "m", experiment="exp001", trial="t001", settling=settling)
    assert (outcome.is_new, outcome.listed.ref, now) == (True, 1000, 1030.0)
    assert len(titanic.submissions) == 1


def test_a_refusal_costs_nothing_and_can_be_tried_again(cockpit, titanic, service):
    titanic.allowed = 0
    answer = cockpit("kaggle", "submit", "exp001", "-c", "titanic", *QUICK)
    assert (answer.code, "no submission is left today" in answer.err) == (1, True)
    titanic.allowed = 5
    service.fault("CreateSubmission", 403, code=403, message="You must accept the rules")
    assert "You must accept the rules" in cockpit("kaggle", "submit", "exp001", "-c", "titanic", *QUICK).err
    assert cockpit("kaggle", "status", "--json").document["open"][0]["phase"] == "refused"
    assert cockpit("kaggle", "submit", "exp001", "-c", "titanic", *QUICK).code == 0
    assert len(titanic.submissions) == 1


def test_trouble_while_waiting_is_told_and_waited_for(cockpit, titanic, service):
    titanic.looks_left = 4
    service.fault("ListSubmissions", 429, times=9, headers={"Retry-After": "0"})
    answer = cockpit("kaggle", "submit", "exp001", "-c", "titanic", *QUICK)
    assert answer.code == 1  # the first look at the list already fails, and nothing is sent
    assert titanic.submissions == []
    service.faults.clear()

    def cut(call, moment):
        if (call, moment) == ("CreateSubmission", "answered"):
            service.fault("ListSubmissions", "html", times=12)

    service.watch(cut)
    answer = cockpit("kaggle", "submit", "exp001", "-c", "titanic", *QUICK)
    assert answer.out.splitlines()[-1] == "exp001: LB 0.77512; it stands in the diary"
    assert "is no JSON" in answer.err


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (b"id,y\n0,1\n", "has the columns id, y, and sample_submission.csv has id, target"),
        (table(["id", "target"], [[n, 0] for n in range(4)]), "has 4 rows, and sample_submission.csv has 5; 4 missing"),
        (table(["id", "target"], [[n, 0] for n in (0, 1, 2, 3, 9)]), "line 6 (id 9): is not in sample_submission.csv"),
        (table(["id", "target"], [[n, 0] for n in (0, 1, 1, 3, 4)]), "line 4 (id 1): came before"),
        (GOOD.replace(b"0.3", b"nan"), "line 3 (id 3): target is 'nan', no finite number"),
        (GOOD.replace(b"0.3", b""), "target is '', no finite number"),
        (GOOD.replace(b"0.3", b"1e999"), "target is '1e999', no finite number"),
        (GOOD.replace(b",0.3", b",0.3,7"), "has 3 cells, not 2"),
        (b"", "is empty"),
        (b"id,target\n\xff\xfe", "is no CSV file in UTF-8"),
    ],
)
def test_a_submission_that_the_competition_does_not_ask_for_is_never_sent(
    cockpit, titanic, service, tmp_path, rows, complaint
):
    (tmp_path / "mine.csv").write_bytes(rows)
    answer = cockpit("kaggle", "submit", "exp001", "-c", "titanic", "-f", "mine.csv", *QUICK)
    assert (answer.code, complaint in answer.err, len(answer.err.splitlines())) == (2, True, 1), answer.err
    assert (service.count("StartSubmissionUpload"), titanic.submissions) == (0, [])


def test_words_may_be_anything_but_missing(cockpit, titanic, tmp_path):
    titanic.files["sample_submission.csv"] = table(["id", "matches"], [["a", "a b"], ["b", "b"]])
    (tmp_path / "mine.csv").write_bytes(table(["id", "matches"], [["b", "b a"], ["a", "a"]]))
    words = ("kaggle", "submit", "exp001", "-c", "titanic", "-f", "mine.csv", "--dry-run")
    answer = cockpit(*words)
    assert answer.out.splitlines()[-1] == "nothing was submitted: --dry-run"
    assert titanic.submissions == []
    (tmp_path / "mine.csv").write_bytes(table(["id", "matches"], [["b", ""], ["a", "a"]]))
    assert "line 2 (id b): matches is empty" in cockpit(*words).err


def test_a_sample_without_which_nothing_is_checked_has_to_be_named(cockpit, titanic):
    titanic.files.clear()
    assert "name a file to check against with --sample" in cockpit("kaggle", "submit", "exp001", "-c", "titanic").err


def test_a_version_of_a_kernel_is_submitted(cockpit, titanic, service):
    kernel = Kernel({}, version=3, status="RUNNING")
    service.account.kernels["alice/infer"] = kernel
    words = ("kaggle", "submit", "exp001", "-c", "titanic", "-k", "alice/infer", "-v", "3", *QUICK)
    assert "alice/infer: is running; submit it when its run is complete" in cockpit(*words).err
    kernel.status = "COMPLETE"
    assert "put out no submission.csv; it has no files" in cockpit(*words).err
    kernel.files["submission.csv"] = GOOD
    assert cockpit(*words).out.splitlines()[-1] == "exp001: LB 0.77512; it stands in the diary"
    (sent,) = service.asked("CreateCodeSubmission")
    assert (sent["kernelOwner"], sent["kernelSlug"], sent["kernelVersion"]) == ("alice", "infer", 3)
    assert "goes with --version" in cockpit("kaggle", "submit", "exp001", "-c", "titanic", "-k", "alice/infer").err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (table(["id", "target"], [[n, 0.5] for n in range(4)]), "has 4 rows, and sample_submission.csv has 5"),
        (table(["id", "y"], [[n, 0.5] for n in range(5)]), "has the columns id, y"),
        (b"<html>" + b"x" * 500, "has the columns"),
    ],
)
def test_what_a_kernel_put_out_is_checked_before_it_costs_a_submission(cockpit, titanic, service, content, complaint):
    files = {"submission.csv": content}
    service.account.kernels["alice/infer"] = Kernel({}, version=3, status="COMPLETE", files=files)
    words = ("kaggle", "submit", "exp001", "-c", "titanic", "-k", "alice/infer", "-v", "3", *QUICK)
    answer = cockpit(*words)
    assert (answer.code != 0, complaint in answer.err) == (True, True), answer
    assert service.count("CreateCodeSubmission") == 0


@pytest.mark.parametrize(
    ("version", "output", "why"),
    [
        (2, "submission.csv", "version 3 is newer than 2"),
        (3, "submission.parquet", "it is no CSV file"),
        (3, "big.csv", "big.csv: is larger than 1000 bytes"),
    ],
)
def test_what_cannot_be_checked_is_told_and_submitted(
    cockpit, titanic, service, tmp_path, monkeypatch, version, output, why
):
    monkeypatch.setattr("cockpit.kaggle.submitting.LARGEST", 1000)
    files = {"submission.csv": GOOD, "submission.parquet": b"PAR1", "big.csv": b"id,target\n" * 500}
    service.account.kernels["alice/infer"] = Kernel({}, version=3, status="COMPLETE", files=files)
    words = ("kaggle", "submit", "exp001", "-c", "titanic", "-k", "alice/infer", "-v", version, "--output", output)
    answer = cockpit(*words, *QUICK)
    assert f"{output}: not checked, because {why}" in answer.out
    assert service.count("CreateCodeSubmission") == 1
    assert not list(tmp_path.rglob("big.csv*"))


def test_scores_come_home_later_the_private_ones_too(cockpit, titanic, logs):
    titanic.looks_left = 9
    assert "pending" in cockpit("kaggle", "submit", "exp001", "-c", "titanic", "--no-wait", *QUICK).out
    assert cockpit("kaggle", "scores", "--json").document[0]["recorded"] == []
    titanic.submissions[0]["looks_left"] = 0
    titanic.private = "0.7012"
    assert cockpit("kaggle", "scores", "exp001", "--json").document[0]["recorded"] == [0.77512, 0.7012]
    row = cockpit("kaggle", "scores").out.splitlines()[1].split()
    assert row == ["exp001/t001", "titanic", "1000", "complete", "0.77512", "0.7012"]
    assert [(one.value, one.private) for one in scores(run_of(logs))] == [(0.77512, False), (0.7012, True)]
    titanic.submissions[0]["publicScore"] = "0.78"  # a leaderboard that was computed anew
    cockpit("kaggle", "scores")
    assert [one.value for one in scores(run_of(logs))] == [0.77512, 0.7012, 0.78]
    text = (logs / "diary.md").read_text()
    assert "0.78" in text
    assert "0.7012" in text


def test_a_submission_that_failed_says_why(cockpit, titanic):
    titanic.submissions = []
    titanic.looks_left = 99
    cockpit("kaggle", "submit", "exp001", "-c", "titanic", "--no-wait", *QUICK)
    titanic.submissions[0] |= {"status": "ERROR", "errorDescription": "\x1b[31mevaluation exception"}
    (found,) = cockpit("kaggle", "scores", "--json").document
    assert (found["state"], found["error"], found["recorded"]) == ("error", "evaluation exception", [])


def test_the_logs_folder_may_stand_before_the_command(cockpit, titanic):
    assert (
        "elsewhere: no experiments here" in cockpit("--logs", "elsewhere", "kaggle", "submit", "exp001", "-c", "x").err
    )
    words = ("kaggle", "dataset", "init", "exp001", "--id", "alice/hill-best")
    assert "elsewhere: no experiments here" in cockpit("--logs", "elsewhere", *words).err


def test_scores_without_submissions_ask_nobody(cockpit, logs, service):
    assert "nothing was submitted from here" in cockpit("kaggle", "scores").out
    assert service.calls == []


def test_a_leaderboard_and_the_place_of_a_score(cockpit, titanic):
    titanic.leaders = [(f"team {n}\x1b]0;x\x07", f"0.{900 - n}") for n in range(150)]
    lines = cockpit("kaggle", "leaderboard", "titanic", "--top", "2").out.splitlines()
    assert [line.split() for line in lines] == [
        ["place", "team", "score"],
        ["1", "team", "0", "0.900"],
        ["2", "team", "1", "0.899"],
    ]
    assert "has no score of a leaderboard" in cockpit("kaggle", "leaderboard", "titanic", "--of", "exp001").err
    assert cockpit("score", "exp001", "0.8905").code == 0
    document = cockpit("kaggle", "leaderboard", "titanic", "--of", "exp001", "--json").document
    assert (document["place"], len(document["leaders"])) == (11, 20)
    titanic.leaders = [("a", "0.1"), ("b", "0.2"), ("c", "0.95")]  # of a loss
    assert cockpit("kaggle", "leaderboard", "titanic", "--of", "exp001", "--json").document["place"] == 3


def test_quota_and_the_state_of_a_run(cockpit, service):
    document = cockpit("kaggle", "quota", "--json").document
    assert document["gpu"] == {"used_hours": 1.5, "left_hours": 28.5}
    assert document["resets"].startswith("2026-12-05")
    assert cockpit("kaggle", "quota").out.splitlines()[1].split() == ["GPU", "1.5", "h", "28.5", "h", "30.0", "h"]
    service.account.kernels["alice/k-one"] = Kernel({}, status="PAUSED_BY_ADMIN", failure="wait")
    said = cockpit("kaggle", "status", "alice/k-one", "--json").document
    assert (said["state"], said["word"], said["failure"]) == ("unknown", "PAUSED_BY_ADMIN", "wait")
    assert (said["kernel"], said["receipt"], said["mismatch"]) == ("alice/k-one", None, "")
    assert "no experiments here" in cockpit("kaggle", "status", "exp001").err
    assert "write it as OWNER/NAME" in cockpit("kaggle", "status", "a/b/c").err
    assert "Not found" in cockpit("kaggle", "status", "alice/nothing").err


def test_a_login_is_never_printed_written_or_kept(answer, cockpit, titanic, service, tmp_path, logs, monkeypatch):
    """Neither when all goes well nor when it does not."""
    done = answer("kaggle", "submit", "exp001", "-c", "titanic", *QUICK)
    assert done.code == 0, done.err
    service.fault("ListSubmissions", 401, code=401, message=f"bad key=Authorization: Basic {KEY}")
    refused = cockpit("kaggle", "scores")
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    monkeypatch.setenv("KAGGLE_KEY", "f" * 32)
    wrong = answer("kaggle", "quota")
    assert (wrong.code, "401" in wrong.err) == (1, True)
    said = "".join(text for one in (done, refused, wrong) for text in (one.out, one.err))
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for secret in (KEY, "f" * 32):
        assert secret not in said
        assert not any(secret.encode() in text for text in written)
    assert json.loads((logs / FILE).read_text().splitlines()[0])["kind"] == "submission"
