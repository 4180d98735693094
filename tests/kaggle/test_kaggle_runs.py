"""`cockpit kaggle logs`, `pull` and `cancel` from the outside."""

import hashlib

import pytest
from account import Kernel

KERNEL = "alice/k-one"
TOKEN = "hf_" + "a1B2" * 8


@pytest.fixture
def kernel(service):
    """A run that is over."""
    log = [
        {"stream_name": "stdout", "time": 0.1, "data": "epoch 1\nloss"},
        {"stream_name": "stdout", "time": 0.2, "data": ": 0.5\n\x1b]52;c;aGk=\x07next\n"},
        {"stream_name": "stderr", "time": 0.3, "data": f"token={TOKEN}\nno end"},
    ]
    return service.account.kernels.setdefault(KERNEL, Kernel({}, status="COMPLETE", log=log))


@pytest.mark.parametrize("words", [(), ("--follow",)])
def test_a_log_is_lines_and_harmless(cockpit, kernel, words):
    out = cockpit("kaggle", "logs", KERNEL, *words).out
    assert out.splitlines() == ["epoch 1", "loss: 0.5", "next", "token=[redacted]", "no end"]


def test_what_a_run_put_out_comes_home_once(cockpit, kernel, service, tmp_path):
    kernel.files = {"metrics.csv": b"a\n", "logs/exp001/best.pt": b"w" * 5000}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in kernel.files.items())
    kernel.files["SHA256SUMS"] = sums.encode()
    assert cockpit("kaggle", "pull", KERNEL).out == "kaggle/k-one: 2 files fetched\n"
    assert (tmp_path / "kaggle" / "k-one" / "logs" / "exp001" / "best.pt").read_bytes() == b"w" * 5000
    again = cockpit("kaggle", "pull", KERNEL, "--json").document
    assert (again["fetched"], again["kept"]) == ([], ["logs/exp001/best.pt", "metrics.csv"])
    (tmp_path / "kaggle" / "k-one" / "metrics.csv").unlink()
    kernel.files["metrics.csv"] = b"another"
    wrong = cockpit("kaggle", "pull", KERNEL)
    assert (wrong.code, "metrics.csv: is not what the run says" in wrong.err) == (1, True)
    assert not (tmp_path / "kaggle" / "k-one" / "metrics.csv").exists()


def test_names_that_lead_elsewhere_are_left_alone(cockpit, kernel, tmp_path):
    kernel.files = {"../../../evil.txt": b"x", "good.txt": b"y"}
    answer = cockpit("kaggle", "pull", KERNEL, "-o", "a/b")
    assert answer.code == 1
    assert "left alone, because it is no place in the folder: '../../../evil.txt'" in answer.out
    assert sorted(path.name for path in tmp_path.rglob("*.txt")) == ["good.txt"]


def test_many_files_and_one_that_is_gone(cockpit, kernel, service, tmp_path):
    kernel.files = {f"f{number:03d}": b"%d" % number for number in range(30)}
    service.fault("/output/alice~k-one/f017", 404, code=404, message="gone")
    answer = cockpit("kaggle", "pull", KERNEL, "-o", "all")
    assert (answer.code, "404" in answer.err, (tmp_path / "all" / "f017").exists()) == (1, True, False)
    assert cockpit("kaggle", "pull", KERNEL, "-o", "all").code == 0
    assert len(list((tmp_path / "all").iterdir())) == 30


def test_what_can_be_ended_is_and_of_the_rest_the_page_is_named(cockpit, kernel):
    assert cockpit("kaggle", "cancel", KERNEL).out == f"{KERNEL}: complete\n"
    kernel.status = "RUNNING"
    answer = cockpit("kaggle", "cancel", KERNEL)
    assert (answer.code, f"https://www.kaggle.com/code/{KERNEL}" in answer.out) == (1, True)
    assert cockpit("kaggle", "cancel", KERNEL, "--session", "5").out == f"{KERNEL}: cancelled\n"
    assert cockpit("kaggle", "cancel", "k-one").code == 2
