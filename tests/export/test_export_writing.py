"""Where exports go, and what they leave alone."""

import pytest
from builders import every_kind
from export.exporting import record_of

from cockpit.export.contract import Format
from cockpit.export.registry import format_named
from cockpit.export.writing import write
from cockpit.store.folder import FolderError


@pytest.fixture
def record(tmp_path):
    with record_of(every_kind(tmp_path / "logs")) as record:
        yield record


def test_a_file_is_replaced_only_when_asked(record, tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(FolderError, match=r"out\.csv: is there already; --force replaces it"):
        write(record, format_named("csv"), path)
    assert path.read_text() == "mine"
    write(record, format_named("csv"), path, force=True)
    assert path.read_text().startswith("trial,kind")


def test_a_folder_keeps_what_else_is_in_it(record, tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    write(record, format_named("csv"), path)
    (path / "mine.txt").write_text("mine")
    (path / "steps.csv").write_text("old")
    with pytest.raises(FolderError, match="is there already"):
        write(record, format_named("csv"), path)
    write(record, format_named("csv"), path, force=True)
    assert (path / "mine.txt").read_text() == "mine"
    assert (path / "steps.csv").read_text() != "old"


def test_a_path_that_does_not_fit_is_refused(record, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="is a folder, and json is one file"):
        write(record, format_named("json"), tmp_path, force=True)
    with pytest.raises(FolderError, match="is a file, and tensorboard makes a folder"):
        write(record, format_named("tensorboard"), tmp_path / "file", force=True)
    with pytest.raises(FolderError, match=r"out\.csv: cannot be written \(No such file"):
        write(record, format_named("csv"), tmp_path / "no" / "out.csv")
    with pytest.raises(FolderError, match="cannot be written"):
        write(record, format_named("csv"), tmp_path / "no" / "out")


def test_an_export_that_fails_leaves_nothing(record, tmp_path):
    def broken(_):
        yield "half"
        raise OSError(28, "No space left on device")

    def broken_folder(_, path):
        (path / "a").write_text("half")
        raise OSError(28, "No space left on device")

    before = sorted(tmp_path.iterdir())
    with pytest.raises(FolderError, match="No space left"):
        write(record, Format(name="x", summary="", text=broken), tmp_path / "out")
    with pytest.raises(FolderError, match="No space left"):
        write(record, Format(name="x", summary="", folder=broken_folder), tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before
