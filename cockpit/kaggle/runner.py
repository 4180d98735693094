"""The script that runs at Kaggle. It is pushed as it stands here, with its orders in the place of `ORDERS`.

It knows the standard library only. It finds the code and the data among what is mounted, tells what it really got as
the first line it prints, and then does one of two things. It runs a sweep without a screen and without a network,
prints every line of the sweep's record with a mark, and leaves the record as output. Or it has trained weights predict
a test set, and leaves a checked `submission.csv`. The checksums of all output lie beside it.

With the network it also looks, once a minute, whether somebody at home asked it to stop: a run sees no other version
of a mounted dataset than that of its start, so it asks the service for the versions of a control dataset, with the
token that Kaggle gives to its own machines. `COCKPIT_KAGGLE_ROOT` stands for `/` and `COCKPIT_KAGGLE_API` for the
service where this is tried out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ORDERS: dict[str, Any] = {}
MARK = "@@cockpit "
ROOT = Path(os.environ.get("COCKPIT_KAGGLE_ROOT", "/"))
INPUT, WORKING = ROOT / "kaggle" / "input", ROOT / "kaggle" / "working"
CODE, SUMS = "cockpit-code.json", "SHA256SUMS"
PACKAGES = ("torch", "torch_xla", "torch_tpu", "transformers", "optuna", "numpy")
LOOK_SECONDS = 0.5
CONTROL_SECONDS = 60.0  # between looks at whether to stop
END_SECONDS = 10.0  # that the last lines of the work may take
STOP_SECONDS = 180.0  # that a run which was asked to stop has before it is ended
API = os.environ.get("COCKPIT_KAGGLE_API", "https://api.kaggle.com/v1")
SUBMISSION, SAMPLE = "submission.csv", "sample_submission.csv"
DEEPEST = 4  # folders below the mounts that are looked through; where datasets lie has changed before


_printing = threading.Lock()


def tell(kind: str, **said: Any) -> None:
    put(MARK + json.dumps({"kind": kind, **said}, ensure_ascii=False) + "\n")


def put(text: str) -> None:
    """Print whole lines: what the work prints comes from another thread than what is told of it."""
    with _printing:
        sys.stdout.write(text)
        sys.stdout.flush()


def main() -> int:
    """Run the orders; return what the work returned."""
    found = {name: _find(name) for name in ORDERS["mounts"]}
    code, control = _find_code(), Control()
    tell("receipt", **receipt(found, code), **control.receipt())
    if code is None:
        return fail(f"the code {ORDERS['code']} is not mounted; look at the data sources of this kernel")
    missing = [name for name, path in found.items() if path is None]
    if missing:
        return fail(f"not mounted: {', '.join(missing)}")
    home = _unpack(code)
    places = [str(home), *map(str, _install(code.parent)), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    WORKING.mkdir(parents=True, exist_ok=True)
    status = run(command(home, found), home, environment, control)
    if status == 0 and ORDERS["task"] == "infer":
        status = check(home, environment, found)
    _write_sums()
    return status


def fail(why: str) -> int:
    """Say in one line what this run failed of."""
    tell("failure", why=why)
    print(why, file=sys.stderr)
    return 2


def receipt(found: dict[str, Path | None], code: Path | None) -> dict[str, Any]:
    """What this machine has, beside what was asked for."""
    kind, names = devices()
    return {
        "asked": ORDERS["accelerator"],
        "device": kind,
        "count": len(names),
        "names": names,
        "python": sys.version.split()[0],
        "versions": {name: known for name in PACKAGES if (known := _version(name))},
        "code": None if code is None else ORDERS["code"],
        "data": {name: None if path is None else str(path) for name, path in found.items()},
    }


def devices() -> tuple[str, list[str]]:
    """The kind of accelerator, and one name for each: `tpu`, `gpu`, or `cpu` with its cores."""
    chips = sorted(map(str, [*(ROOT / "dev").glob("accel*"), *(ROOT / "dev" / "vfio").glob("[0-9]*")]))
    if chips:
        return "tpu", chips
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
        names = [line.partition(":")[2].partition("(")[0].strip() for line in done.stdout.splitlines() if line]
    except (OSError, subprocess.SubprocessError):
        names = []
    return ("gpu", names) if names else ("cpu", [f"core {number}" for number in range(os.cpu_count() or 1)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """Folders, the nearer ones first."""
    level = [folder]
    for _ in range(depth):
        level = [path for parent in level if parent.is_dir() for path in sorted(parent.iterdir()) if path.is_dir()]
        yield from level


def _find(name: str) -> Path | None:
    """Where a dataset or a competition is mounted."""
    return next((path for path in _below(INPUT, DEEPEST) if path.name == name), None)


def _find_code() -> Path | None:
    """The file that says which code lies beside it."""
    for folder in (INPUT, *_below(INPUT, DEEPEST)):
        marker = folder / CODE
        if marker.is_file() and json.loads(marker.read_text())["code"] == ORDERS["code"]:
            return marker
    return None


def _unpack(marker: Path) -> Path:
    """The code in a folder of its own. Kaggle unpacks archives in datasets, or does not."""
    home = ROOT / "tmp" / "cockpit-code"
    archive = marker.parent / "code.zip"
    if archive.is_file():
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(home)
    else:
        shutil.copytree(marker.parent / "code", home, dirs_exist_ok=True)
    return home


def _install(folder: Path) -> list[Path]:
    """Packages that came along, put where nothing of the image is changed; none came without wheels."""
    wheels = sorted(map(str, folder.glob("*.whl")))
    if not wheels:
        return []
    target = ROOT / "tmp" / "cockpit-packages"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(target)]
    subprocess.run([*command, *wheels], check=True)
    return [target]


def command(home: Path, found: dict[str, Path | None]) -> list[str]:
    """What is to be run, which is told apart by the task."""
    if ORDERS["task"] == "infer":
        words = ["trainers.infer", str(found[ORDERS["weights"]]), "--out", str(WORKING / SUBMISSION)]
    else:
        words = ["cockpit", "sweep", str(home / ORDERS["search"]), *ORDERS["arguments"]]
        words += ["--logs", str(WORKING / "logs")]
    data = ["--data", str(found[ORDERS["data"]])] if ORDERS["data"] else []
    return [sys.executable, "-m", *words, *data]


def run(words: list[str], home: Path, environment: dict[str, str], control: Control) -> int:
    """The work, from its first line to its last; 0 where it was asked to stop and did."""
    process = subprocess.Popen(
        words, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    printed = Printed(process)
    record = Record(WORKING / "logs")
    asked = 0.0
    while (status := process.poll()) is None:
        record.tell()
        if not asked and control.asks_to_stop():
            asked = time.monotonic()
            tell("stopping")
            process.send_signal(signal.SIGINT)
        elif asked and time.monotonic() - asked > STOP_SECONDS:
            process.kill()
        time.sleep(LOOK_SECONDS)
    printed.end()
    record.tell()
    if status and not asked and printed.lacking:
        fail(f"Kaggle's image has no package {printed.lacking}; bring it along with `cockpit kaggle push --wheel`")
    return 0 if asked else status


def check(home: Path, environment: dict[str, str], found: dict[str, Path | None]) -> int:
    """Compare the submission with the competition's sample, where that is mounted."""
    data = found.get(ORDERS["data"])
    sample = data / SAMPLE if data else None
    if sample is None or not sample.is_file():
        return 0
    words = [sys.executable, "-m", "cockpit.kaggle.preflight", str(WORKING / SUBMISSION), str(sample)]
    done = subprocess.run(words, cwd=home, env=environment, capture_output=True, text=True, check=False)
    put(done.stdout)
    return fail(done.stderr.strip()) if done.returncode else 0


class Printed:
    """Hands on what the work prints, and remembers the first package that it did not find."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lacking = ""
        self._lines = process.stdout
        self._thread = threading.Thread(target=self._hand_on, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """All of it was handed on, but for what a process that lives on may still print."""
        self._thread.join(END_SECONDS)

    def _hand_on(self) -> None:
        for line in self._lines or ():
            if not self.lacking and (named := re.search(r"No module named '([\w-]+)", line)):
                self.lacking = named[1]
            put(line if line.endswith("\n") else f"{line}\n")


# Of the network, of half an answer, and of one that is no JSON or of another kind.
TROUBLE = (OSError, HTTPException, ValueError, AttributeError)


class Control:
    """Whether somebody at home asked this run to stop. `deaf` says why it cannot hear that, empty where it can."""

    def __init__(self) -> None:
        self._next = 0.0
        self._token = os.environ.get("KAGGLE_API_V1_TOKEN", "")
        self.deaf = self._why_deaf()

    def _why_deaf(self) -> str:
        if not ORDERS["control"]:
            return "the run has no network"
        if not self._token:
            return "Kaggle gave the run no token"
        try:
            self._notes()
        except TROUBLE as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def receipt(self) -> dict[str, Any]:
        """What a stop takes: an open ear, or the number of the session, which the machine's name has in it."""
        number = re.search(r"-(\d+)-", os.environ.get("KAGGLE_CONTAINER_NAME", ""))
        return {"deaf": self.deaf, "session": int(number[1]) if number else None}

    def asks_to_stop(self) -> bool:
        """Looks when it is time to; trouble with the service is none of the run's."""
        if self.deaf or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + CONTROL_SECONDS
        try:
            return any(f"stop {ORDERS['kernel']} " in note for note in self._notes())
        except TROUBLE:
            return False

    def _notes(self) -> list[str]:
        """What is written of each version of the control dataset. Kaggle puts the token into a file."""
        token = Path(self._token).read_text().strip()
        owner, _, slug = ORDERS["control"].partition("/")
        request = urllib.request.Request(
            f"{API}/datasets.DatasetApiService/GetDataset",
            json.dumps({"ownerSlug": owner, "datasetSlug": slug}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "User-Agent": "cockpit"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            said = json.load(answer)
        return [str(one.get("versionNotes")) for one in said.get("versions") or ()]


class Record:
    """The files of the sweep's record, told line by line as they grow."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._read: dict[Path, int] = {}

    def tell(self) -> None:
        """New whole lines. The ledger is read first and told last: a trial that ended has been told whole.

        Only its first line comes before all others: at home there is no experiment to put them into until then.
        """
        for run in sorted(self._logs.glob("exp*")):
            has_begun = run / "sweep.jsonl" in self._read
            ledger = self._new(run / "sweep.jsonl")
            if ledger and not has_begun:
                self._tell(run, run / "sweep.jsonl", [ledger.pop(0)])
            for file in sorted(run.glob("trials/*/events.jsonl")):
                self._tell(run, file, self._new(file))
            self._tell(run, run / "sweep.jsonl", ledger)

    def _new(self, file: Path) -> list[str]:
        if not file.is_file():
            return []
        start = self._read.get(file, 0)
        with file.open("rb") as stream:
            stream.seek(start)
            whole = stream.read().rpartition(b"\n")[0]
        if not whole:
            return []
        self._read[file] = start + len(whole) + 1
        return whole.decode("utf-8", "backslashreplace").split("\n")

    def _tell(self, run: Path, file: Path, lines: list[str]) -> None:
        name = file.relative_to(run).as_posix()
        told = ({"kind": "line", "file": name, "line": line} for line in lines)
        put("".join(MARK + json.dumps(one, ensure_ascii=False) + "\n" for one in told))


def _write_sums() -> None:
    """The checksums of all output, by which it is known again at home."""
    files = [path for path in sorted(WORKING.rglob("*")) if path.is_file() and path.name != SUMS]
    lines = []
    for path in files:
        with path.open("rb") as stream:
            lines.append(
                f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.relative_to(WORKING).as_posix()}\n"
            )
    (WORKING / SUMS).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
