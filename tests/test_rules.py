"""The rules of the code base, held by the tools that know them."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "transformers", "ray", "optuna", "textual")
LIGHT_PACKAGES = (
    "cockpit.events",
    "cockpit.store",
    "cockpit.checks",
    "cockpit.search",
    "cockpit.diary",
    "cockpit.kaggle",
)


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-m", "ruff", "check", "."),
        (sys.executable, "-m", "ruff", "format", "--check", "."),
        (sys.executable, "-m", "mypy"),
        (str(Path(sys.executable).with_name("lint-imports")), "--no-cache"),
    ],
    ids=["lint", "format", "types", "imports"],
)
def test_the_tools_find_nothing(command):
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def modules_of(package):
    found = importlib.import_module(package)
    return [package, *(info.name for info in pkgutil.walk_packages(found.__path__, f"{package}."))]


def test_light_packages_load_nothing_heavy():
    names = [name for package in LIGHT_PACKAGES for name in modules_of(package)] + ["cockpit.cli.main"]
    program = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = run(sys.executable, "-c", program)
    assert json.loads(done.stdout) == [], done.stderr


def test_events_load_the_standard_library_only():
    program = (
        "import importlib, json, sys\n"
        "before = set(sys.modules)\n"
        f"for name in {modules_of('cockpit.events')!r}: importlib.import_module(name)\n"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(json.dumps(sorted(roots - sys.stdlib_module_names)))"
    )
    done = run(sys.executable, "-c", program)
    assert json.loads(done.stdout) == ["cockpit"], done.stderr


def test_ci_runs_the_command_that_the_readme_promises():
    commands = re.findall(r"^    (python3 -m venv .+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text()
    assert commands[0].endswith("cockpit sweep arcface")


def test_the_top_level_stays_small():
    listed = run("git", "ls-files").stdout.split()
    if not listed:
        pytest.skip("not a git checkout")
    folders = {path.partition("/")[0] for path in listed if "/" in path}
    assert folders == {".ci", "cockpit", "trainers", "searches", "logs", "tests"}
