"""A machine laid out like those of Kaggle, on which what was pushed runs for real."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from account import TOKEN


def the_kernel(service):
    ((ref, kernel),) = service.account.kernels.items()
    return ref, kernel


def run_at_kaggle(service, root, *, unpacked=False, session=0, every=60.0):
    """Lays a machine out as Kaggle does, runs what was pushed, and gives the kernel its log and its output.

    A run with the network finds the service and a token for it, and looks at the control dataset `every` seconds; the
    machine's name has the number of its session in it.
    """
    _, kernel = the_kernel(service)
    for ref in kernel.body["datasetDataSources"]:
        mount = root / "kaggle" / "input" / "datasets" / ref
        mount.mkdir(parents=True)
        for name, data in service.account.datasets[ref].files.items():
            (mount / name).write_bytes(data)
        if unpacked and (mount / "code.zip").exists():
            with zipfile.ZipFile(mount / "code.zip") as archive:
                archive.extractall(mount / "code")
            (mount / "code.zip").unlink()
    for name in kernel.body.get("competitionDataSources", ()):
        mount = root / "kaggle" / "input" / "competitions" / name
        mount.mkdir(parents=True)
        for file, data in service.account.competitions[name].files.items():
            (mount / file).write_bytes(data)
    working = root / "kaggle" / "working"
    working.mkdir(parents=True)
    text = kernel.body["text"]
    assert "CONTROL_SECONDS = 60.0" in text
    (root / "script.py").write_text(text.replace("CONTROL_SECONDS = 60.0", f"CONTROL_SECONDS = {every}"))
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "COCKPIT_KAGGLE_ROOT": str(root)}
    environment |= {name: os.environ[name] for name in ("KAGGLE_GUARD",)} | {
        "PYTHONPATH": str(Path(__file__).parent / "guard")
    }
    if session:
        environment["KAGGLE_CONTAINER_NAME"] = f"kaggle_AbCd3f-{session}-webtier"
    if kernel.body.get("enableInternet"):
        (root / "token").write_text(TOKEN)
        environment["KAGGLE_API_V1_TOKEN"] = str(root / "token")
        environment["COCKPIT_KAGGLE_API"] = f"http://127.0.0.1:{service.server.server_port}/api/v1"
    done = subprocess.run(
        [sys.executable, root / "script.py"],
        cwd=working,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    kernel.status = "RUNNING"
    kernel.log = [{"stream_name": "stdout", "time": 0.0, "data": line + "\n"} for line in done.stdout.splitlines()]
    kernel.files = {
        path.relative_to(working).as_posix(): path.read_bytes() for path in working.rglob("*") if path.is_file()
    }
    return done
