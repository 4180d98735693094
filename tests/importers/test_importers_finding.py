"""Which sources are meant by a path."""

import pytest

from cockpit.importers import finding, registry
from cockpit.importers.contract import NO, SURE
from cockpit.importers.finding import find_sources

LOG = "step 1 loss: 0.5\n"


class OfFolders:
    """Knows files that begin with `odd`, and folders in which there is one, as surely as it is told."""

    name = "odd"
    summary = "odd files"

    def __init__(self, sure):
        self.sure = sure

    def fit(self, source):
        if source.is_folder:
            return self.sure if any(source.path.glob("*.odd")) else NO
        return SURE if source.head.startswith(b"odd") else NO

    def read(self, source):
        return iter(())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "deep" / "b.log").write_text(LOG)
    (tmp_path / ".hidden").write_text(LOG)
    (tmp_path / "x.odd").write_text("odd")
    return tmp_path


@pytest.fixture
def found(folder, monkeypatch):
    """The names of what is found, with those of the importers, where a format of folders is known as surely as said."""

    def call(sure, form=""):
        known = (OfFolders(sure), *registry.importers())
        for module in (registry, finding):
            monkeypatch.setattr(module, "importers", lambda: known)
        sources = find_sources(folder, form)
        return [(one.path.name, one.importer and one.importer.name) for one in sources]

    return call


def test_a_folder_that_surely_is_one_source_is_one(found, folder):
    assert found(SURE) == [(folder.name, "odd")]


def test_one_with_files_of_other_formats_is_looked_through(found):
    assert found(60) == [("a.log", "printed"), ("b.log", "printed"), ("x.odd", "odd")]


def test_one_that_has_nothing_else_is_one(found, folder):
    for path in (folder / "a.log", folder / "deep" / "b.log"):
        path.write_text("nothing\n")
    assert found(60) == [(folder.name, "odd")]


def test_a_format_that_is_named_reads_all_files(found):
    assert found(NO, "printed") == [("a.log", "printed"), ("b.log", "printed"), ("x.odd", "printed")]
