"""Typed calls through the real client, against the stand-in for the service: as they should go, and in every fault."""

import json
import subprocess
import sys

import pytest
from account import KEY, TOKEN, USER, Competition, Dataset, Kernel

from cockpit.kaggle import errors
from cockpit.kaggle.answers import Leader
from cockpit.kaggle.client import Client
from cockpit.kaggle.helper import HOMES
from cockpit.kaggle.process import Helper
from cockpit.kaggle.retries import Retries
from cockpit.kaggle.states import DatasetState, RunState, SubmissionState

PUSH = {
    "slug": "alice/k-one",
    "newTitle": "k one",
    "text": 'print("hi")\n',
    "language": "python",
    "kernelType": "script",
    "datasetDataSources": ["alice/code-ds"],
    "competitionDataSources": ["titanic"],
    "isPrivate": True,
    "enableInternet": False,
    "sessionTimeoutSeconds": 3600,
    "machineShape": "TpuV5E8",
}


@pytest.fixture
def titanic(service):
    """A competition with a few files."""
    return service.account.competitions.setdefault("titanic", Competition(files={"train.csv": b"a,b\n1,2\n" * 50}))


def test_importing_it_loads_neither_the_client_nor_the_network():
    program = (
        "import sys, cockpit.kaggle, cockpit.kaggle.client\n"
        "assert not {'kaggle', 'kagglesdk', 'requests', 'urllib3', 'http.client', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_who_is_logged_in_and_what_is_left_of_the_week(client):
    assert client.user == USER
    quota = client.quota()
    assert (quota.gpu.used, quota.gpu.left) == (5400, 102600)
    assert (quota.tpu.used, quota.tpu.left) == (0, 72000.5)
    assert quota.resets == 1796428800


def test_long_lists_come_page_by_page(client, titanic, service):
    titanic.submissions = [{"ref": n, "description": f"number {n}", "looks_left": 0} for n in range(205)]
    assert [one.ref for one in client.submissions("titanic")] == list(range(204, -1, -1))
    assert service.count("ListSubmissions") == 3
    titanic.leaders = [(f"team {n}", f"0.{999 - n}") for n in range(150)]
    assert client.leaderboard("titanic", 2) == [
        Leader(1, "team 0", 0.999, "0.999"),
        Leader(2, "team 1", 0.998, "0.998"),
    ]
    assert len(client.leaderboard("titanic", 1000)) == 150


def test_a_submission_goes_through_its_states(client, titanic, tmp_path):
    path = tmp_path / "submission.csv"
    path.write_bytes(b"id,y\n")
    token = client.upload_submission("titanic", path)
    assert client.limits("titanic").allowed_now == 5
    assert client.create_submission("titanic", token, "first") == 1000
    (pending,) = client.submissions("titanic")
    assert (pending.state, pending.public, pending.description) == (SubmissionState.PENDING, None, "first")
    (scored,) = client.submissions("titanic")
    assert (scored.state, scored.public, scored.private) == (SubmissionState.COMPLETE, 0.75, None)
    assert client.limits("titanic").allowed_now == 4


def test_a_dataset_is_made_gets_ready_and_gets_a_version(client, service, tmp_path):
    assert client.dataset_state("alice/code-ds") is None
    assert client.dataset_notes("alice/code-ds") is None
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n")
    url = client.create_dataset("alice/code-ds", "code ds", [client.upload_file(path)], "about", "CC0-1.0")
    assert url.endswith("/datasets/alice/code-ds")
    assert [client.dataset_state("alice/code-ds") for _ in range(2)] == [DatasetState.PROCESSING, DatasetState.READY]
    client.create_dataset_version("alice/code-ds", [client.upload_file(path)], "v2")
    assert client.dataset_notes("alice/code-ds")[:2] == ["v2", "about"]
    made = service.account.datasets["alice/code-ds"]
    assert (made.private, made.files) == (True, {"a.csv": b"a,b\n"})


def test_a_kernel_is_pushed_runs_and_puts_out_files(client, service, tmp_path):
    assert client.save_kernel(PUSH).version == 1
    assert client.save_kernel(PUSH).version == 2
    kernel = service.account.kernels["alice/k-one"]
    assert client.run("alice/k-one").state is RunState.QUEUED
    kernel.status, kernel.files = "COMPLETE", {"metrics.csv": b"x\n", "best.pt": b"\x00" * 3000}
    assert client.run("alice/k-one").state is RunState.COMPLETE
    files = client.outputs("alice/k-one")
    assert [file.name for file in files] == ["best.pt", "metrics.csv"]
    assert client.fetch(files[0], tmp_path / "best.pt").size == 3000
    client.cancel_session(kernel.session)
    assert client.run("alice/k-one").state is RunState.CANCELLED
    with pytest.raises(errors.RefusedError, match="no such session"):
        client.cancel_session(99)


def test_a_log_comes_once_however_often_the_stream_is_cut(client, service):
    events = [{"stream_name": "stdout", "time": n / 10, "data": f"line {n}\n"} for n in range(3000)]
    kernel = Kernel(PUSH, status="RUNNING", log=events, cuts=[500, 400, 2000])
    service.account.kernels["alice/k-one"] = kernel
    service.fault("logs", "reset", times=2)
    assert list(client.log("alice/k-one")) == events
    # Two that were reset, three that were cut, the rest, and the whole log once the session is over.
    assert service.count("logs") == 7
    assert list(client.log("alice/k-one")) == events
    service.fault("logs", "reset", times=3)
    with pytest.raises(errors.UnreachableError):
        list(client.log("alice/k-one", most_failures=3))


def test_a_log_is_waited_for_while_its_run_is_queued(client, service):
    event = {"stream_name": "stdout", "time": 0.0, "data": "hi\n"}
    kernel = Kernel(PUSH, log=[event])
    service.account.kernels["alice/k-one"] = kernel
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        kernel.status = "RUNNING" if len(looks) == 3 else kernel.status

    patient = Client(client._helper, Retries(sleep=sleep))
    service.fault("logs", 404)
    assert list(patient.log("alice/k-one")) == [event]
    assert looks == [30.0] * 3 + [5.0]


def tour(client, service, folder):
    """Every call once."""
    path = folder / "submission.csv"
    path.write_bytes(b"id,y\n")
    client.save_kernel({**PUSH, "enableGpu": True, "enableTpu": False})
    service.account.kernels["alice/k-one"].files["submission.csv"] = b""
    client.run("alice/k-one")
    client.kernel_version("alice/k-one")
    client.outputs("alice/k-one")
    client.quota()
    client.create_submission("titanic", client.upload_submission("titanic", path), "first")
    client.create_code_submission("titanic", "alice/k-one", 1, "submission.csv", "code")
    client.submissions("titanic")
    client.submissions("titanic")
    client.limits("titanic")
    client.leaderboard("titanic", 1)
    client.files("titanic", 1)
    client.create_dataset("alice/code-ds", "code-ds", [client.upload_file(path)], "about", "CC0-1.0")
    client.dataset_state("alice/code-ds")
    client.create_dataset_version("alice/code-ds", [client.upload_file(path)], "v2")
    client.dataset_notes("alice/code-ds")
    client.cancel_session(5)


def test_requests_are_those_that_were_recorded_of_the_client(client, titanic, service, shared_design, tmp_path):
    """Field by field, but for what our calls add: pages, and what a description says."""
    tour(client, service, tmp_path)
    sent = {call: set(body) for call, body in service.calls if isinstance(body, dict)}
    for line in (shared_design / "requests.jsonl").read_text().splitlines():
        known = json.loads(line)
        call = known["target"].rpartition("/")[2]
        if known["m"] == "POST" and call in sent:
            free = {"page", "pageToken", "pageSize", "description"}
            assert sent[call] - free == set(known["b"]) - free, call


READ_BY_THE_CLIENT = """
import inspect, json, re, sys
from operator import attrgetter
from kagglesdk import KaggleClient
from cockpit.kaggle.helper import HOMES

def unknown(kind, said, where):
    fields = {field.json_name: field for field in kind._fields}
    for key, value in said.items():
        if key not in fields:
            yield f"{where}.{key}"
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from unknown(fields[key].field_type, one, f"{where}.{key}")

client = KaggleClient(username="a", password="b")
for call, answer in json.load(sys.stdin):
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", call).lower()
    kind = inspect.signature(getattr(attrgetter(HOMES[name])(client), name)).return_annotation
    kind.from_dict(answer)
    print(*unknown(kind, answer, call), sep="\\n", end="")
"""


def test_the_stand_in_answers_in_fields_that_the_client_knows(client, titanic, service, tmp_path):
    """So that a new version of the client that calls something otherwise is seen here."""
    titanic.leaders = [("team", "0.5")]
    titanic.private = "0.4"
    tour(client, service, tmp_path)
    command = [sys.executable, "-c", READ_BY_THE_CLIENT]
    done = subprocess.run(command, input=json.dumps(service.answered), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done
    assert len({call for call, _ in service.answered}) == len(HOMES) - 2  # all but the downloads


FAULTS = [
    ("reset", errors.UnreachableError),
    ("half", errors.UnreachableError),
    ("html", errors.GarbledError),
    (500, errors.ServiceError),
    (503, errors.ServiceError),
    (429, errors.ThrottledError),
]
REFUSALS = [
    (400, errors.RefusedError),
    (401, errors.NoLoginError),
    (403, errors.RefusedError),
    (404, errors.NotFoundError),
]


@pytest.mark.parametrize(("kind", "error"), FAULTS)
def test_trouble_that_passes_is_waited_for_where_nothing_is_changed(client, titanic, service, waits, kind, error):
    service.fault("GetSubmissionLimits", kind, times=2)
    assert client.limits("titanic").allowed_now == 5
    assert waits == [0.5, 1.0]
    service.fault("GetSubmissionLimits", kind, times=3)
    with pytest.raises(error) as raised:
        client.limits("titanic")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("kind", "error"), REFUSALS)
def test_a_no_is_a_no(client, titanic, service, waits, kind, error):
    service.fault("GetSubmissionLimits", kind)
    with pytest.raises(error, match=f"trouble {kind}") as raised:
        client.limits("titanic")
    assert raised.value.settled
    assert waits == []


@pytest.mark.parametrize(("kind", "error"), [*FAULTS, *REFUSALS])
def test_what_changes_something_is_asked_once(client, titanic, service, waits, kind, error):
    service.fault("CreateSubmission", kind)
    with pytest.raises(error):
        client.create_submission("titanic", "tok1", "first")
    assert (service.count("CreateSubmission"), waits) == (1, [])


def test_an_error_in_a_success_is_an_error(client, titanic, service):
    service.fault("GetSubmissionLimits", 200, code=403, message="You must accept this competition's rules")
    with pytest.raises(errors.RefusedError, match="Kaggle: 403: You must accept"):
        client.limits("titanic")
    service.account.push_error = "Maximum batch GPU session count of 2 reached."
    with pytest.raises(errors.RefusedError, match="Maximum batch GPU session count"):
        client.save_kernel(PUSH)
    service.account.create_error = "already in use"
    with pytest.raises(errors.RefusedError, match="already in use"):
        client.create_dataset("alice/code-ds", "code ds", [], "about", "CC0-1.0")


def test_data_that_was_left_out_of_a_push_is_told(client, service):
    service.account.invalid = {"invalidDatasetSources": ["alice/code-ds"], "invalidTags": []}
    pushed = client.save_kernel(PUSH)
    assert (pushed.version, pushed.invalid) == (1, "invalidDatasetSources: alice/code-ds")


def test_how_long_to_wait_is_what_the_service_says(client, titanic, service, waits):
    service.fault("GetSubmissionLimits", 429, headers={"Retry-After": "7"})
    client.limits("titanic")
    assert waits == [7.0]
    service.fault("GetSubmissionLimits", 429, headers={"Retry-After": "4000"})
    with pytest.raises(errors.ThrottledError) as raised:
        client.limits("titanic")
    assert (raised.value.retry_after, waits) == (4000.0, [7.0])
    service.fault("GetSubmissionLimits", 429, times=3, headers={"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"})
    with pytest.raises(errors.ThrottledError) as raised:
        client.limits("titanic")
    assert raised.value.retry_after > 1e8


def test_a_service_that_hangs_is_given_up_and_the_next_call_works(titanic, service):
    with Client(Helper(), Retries(1), call_seconds=0.3) as client:
        assert client.user == USER
        service.fault("GetSubmissionLimits", "hang")
        with pytest.raises(errors.LateError, match=r"did not answer within 0\.3 s"):
            client.limits("titanic")
        service.faults.clear()  # the request of a slow helper may not have come so far
        patient = Client(client._helper)
        assert patient.limits("titanic").allowed_now == 5


def test_words_that_are_new_are_unknown_and_no_failure(client, titanic, service):
    service.account.kernels["alice/k-one"] = Kernel(PUSH, status="PAUSED_BY_ADMIN", failure="\x1b]52;c;aGk=\x07why")
    run = client.run("alice/k-one")
    assert (run.state, run.word, run.failure) == (RunState.UNKNOWN, "PAUSED_BY_ADMIN", "why")
    assert not run.state.is_over
    titanic.submissions = [{"ref": 1, "status": "RESCORING", "looks_left": 9}]
    assert client.submissions("titanic")[0].state is SubmissionState.UNKNOWN
    service.account.datasets["alice/code-ds"] = Dataset("t", True, {}, [], looks_left=0)
    service.fault("GetDatasetStatus", 200, status="SOMEWHERE_ELSE")
    assert client.dataset_state("alice/code-ds") is DatasetState.UNKNOWN


def test_a_download_goes_on_where_it_broke_off(client, titanic, service, tmp_path):
    titanic.files["big.bin"] = bytes(range(256)) * 9000
    service.fault("/competition/titanic/big.bin", "half", times=2, after=True)
    fetched = client.download("titanic", "big.bin", tmp_path / "big.bin")
    assert (tmp_path / "big.bin").read_bytes() == titanic.files["big.bin"]
    assert (fetched.size, service.count("DownloadDataFile")) == (256 * 9000, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.bin"]


def test_a_download_that_was_given_up_is_gone_on_with_unless_the_file_is_another_one(
    client, titanic, service, tmp_path
):
    titanic.files["big.bin"] = bytes(range(256)) * 9000
    service.fault("/competition/titanic/big.bin", "half", after=True)
    service.fault("/competition/titanic/big.bin", 503, times=9, after=True)
    with pytest.raises(errors.ServiceError):
        client.download("titanic", "big.bin", tmp_path / "big.bin")
    begun = (tmp_path / "big.bin.part").stat().st_size
    assert 0 < begun < 256 * 9000
    service.faults.clear()
    titanic.files["big.bin"] = b"another one"
    client.download("titanic", "big.bin", tmp_path / "big.bin")
    assert (tmp_path / "big.bin").read_bytes() == b"another one"


def test_a_page_of_an_error_is_never_taken_for_a_file(client, titanic, service, tmp_path):
    service.account.kernels["alice/k-one"] = Kernel(PUSH, status="COMPLETE", files={"model.pt": b"weights"})
    (file,) = client.outputs("alice/k-one")
    service.account.kernels["alice/k-one"].files.clear()
    with pytest.raises(errors.NotFoundError):
        client.fetch(file, tmp_path / "model.pt")
    with pytest.raises(errors.NotFoundError):
        client.download("titanic", "missing.csv", tmp_path / "missing.csv")
    assert list(tmp_path.iterdir()) == []


def test_nobody_who_is_not_logged_in_is_told_what_to_do(service, monkeypatch):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name)
    with Client() as client, pytest.raises(errors.NoLoginError, match="kaggle auth login"):
        client.quota()
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    with Client() as client:
        assert client.user == USER
        client.quota()
    service.fault("IntrospectToken", "hang")
    with Client(Helper(start_seconds=1.0)) as client, pytest.raises(errors.LateError, match="the login"):
        client.quota()


def test_a_helper_that_ends_is_told_of_and_started_again(client, titanic):
    def end(stderr):
        return subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.exit('password={KEY} is wrong')"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )

    with Client(Helper(end)) as broken, pytest.raises(errors.HelperError) as raised:
        broken.quota()
    assert "ended" in str(raised.value)
    assert KEY not in str(raised.value)
    helper = Helper()
    with Client(helper) as again:
        again.quota()
        helper._process.kill()
        helper._process.wait()
        assert again.limits("titanic").allowed_now == 5


def test_nobody_gets_further_than_this_machine(tmp_path, monkeypatch):
    """The guard itself."""
    monkeypatch.setenv("KAGGLE_GUARD", str(tmp_path / "tried.log"))
    program = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "the tests do not allow" in done.stderr
    assert "192.0.2.1" in (tmp_path / "tried.log").read_text()
