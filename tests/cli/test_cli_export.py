"""`cockpit export` through the command line."""

import json

import pytest
from builders import every_kind

from cockpit.cli.export import FORMATS
from cockpit.export.registry import MODULES


@pytest.fixture
def recorded_run(folder):
    return every_kind(folder / "logs")


def test_the_choices_are_the_formats():
    assert list(FORMATS) == list(MODULES)


@pytest.mark.parametrize("form", ["md", "csv", "json", "html", "latex"])
def test_text_goes_to_standard_output(cockpit, recorded_run, form):
    answer = cockpit("export", "exp001", "--format", form)
    assert answer.code == 0 and answer.err == ""
    assert "t001" in answer.out


NAMES = {"parquet": "exp001-hill.parquet", "tensorboard": "exp001-hill-tensorboard", "optuna": "exp001-hill.log"}


@pytest.mark.parametrize("form, name", NAMES.items())
def test_what_is_no_text_gets_a_name_here(cockpit, recorded_run, folder, form, name):
    answer = cockpit("export", "exp001", "--format", form)
    assert (answer.code, answer.out, answer.err) == (0, "", f"wrote {name}\n")
    assert (folder / name).exists()
    again = cockpit("export", "exp001", "--format", form)
    assert again.complaint == f"cockpit: {name}: is there already; --force replaces it, or name another path"
    assert cockpit("export", "exp001", "--format", form, "--force").code == 0


def test_the_ending_tells_the_format(cockpit, recorded_run, folder):
    assert cockpit("export", "latest", "-o", "out.json").code == 0
    assert json.loads((folder / "out.json").read_text())["format"] == "cockpit-experiment"
    assert cockpit("export", "exp001/t001", "-o", "out.csv").code == 0
    lines = (folder / "out.csv").read_text().splitlines()
    assert {line.split(",")[0] for line in lines} == {"trial", "t001"}
    assert cockpit("export", "exp001", "--format", "csv", "-o", "tables").code == 0
    assert (folder / "tables" / "trials.csv").exists()


def test_wrong_words_are_refused_in_one_line(cockpit, recorded_run):
    assert "say what to write with --format" in cockpit("export", "exp001").complaint
    assert "out.xyz: its ending tells no format" in cockpit("export", "exp001", "-o", "out.xyz").complaint
    assert "no such experiment" in cockpit("export", "exp009", "--format", "csv").complaint
    assert "no such trial" in cockpit("export", "exp001/t009", "--format", "csv").complaint
    assert "is not one of" in cockpit("export", "exp001", "--format", "word").complaint
