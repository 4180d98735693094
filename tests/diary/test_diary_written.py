"""Entries of which nothing changed are not made again, and everything that an entry depends on counts."""

import os

import pytest
from builders import Recorder

from cockpit.diary.book import stale, write_entries, write_entry
from cockpit.diary.entries import FILE, find, markers
from cockpit.diary.written import FILE as KEPT
from cockpit.store.folder import experiments
from cockpit.store.summary import add_score, write_summary

NAMES = ["exp001", "exp002", "exp003"]


@pytest.fixture
def logs(tmp_path):
    """Three experiments that are over, all written."""
    for number, name in enumerate(NAMES, start=1):
        recorder = Recorder(tmp_path, f"{name}-hill", at=1000.0 * number).trial(0, [0.5 + number / 100])
        write_summary(recorder.end())
    assert write_entries(tmp_path, experiments(tmp_path)) == {}
    return tmp_path


def names(runs):
    return [run.id for run in runs]


def all_stale(logs):
    return names(stale(logs, experiments(logs)))


def marks(logs):
    files = [logs / FILE, *(run.path / "report.md" for run in experiments(logs))]
    return [(path.stat().st_ino, path.stat().st_mtime_ns) for path in files]


def test_what_was_written_is_up_to_date(logs):
    assert all_stale(logs) == []


def test_writing_all_again_touches_no_file(logs):
    before = marks(logs)
    write_entries(logs, experiments(logs))
    assert marks(logs) == before


def test_a_score_of_the_leaderboard_makes_its_entry_stale(logs):
    add_score(experiments(logs)[1], 0.7)
    assert all_stale(logs) == ["exp002"]
    write_entries(logs, stale(logs, experiments(logs)))
    assert "LB 0.7" in (logs / FILE).read_text()
    assert all_stale(logs) == []


def test_a_better_earlier_experiment_makes_later_entries_stale(logs):
    summary = experiments(logs)[0].summary
    summary.write_text(summary.read_text().replace('"best": 0.51', '"best": 0.99'))
    assert all_stale(logs) == ["exp002", "exp003"]


def test_an_entry_that_was_taken_out_or_changed_comes_again(logs):
    path = logs / FILE
    text = path.read_text()
    place = find(text, "exp002")
    path.write_text(text[: place[0]] + text[place[1] :].replace("Where is the top?", "edited", 1))
    assert all_stale(logs) == ["exp002", "exp003"]
    write_entries(logs, stale(logs, experiments(logs)))
    assert path.read_text().count("Where is the top?") == 3
    assert all_stale(logs) == []


def test_words_around_entries_make_none_stale_and_neither_do_line_ends(logs):
    path = logs / FILE
    path.write_bytes(b"mine\n" + path.read_bytes().replace(b"\n", b"\r\n") + b"more")
    assert all_stale(logs) == []


def test_a_report_that_is_gone_or_newer_comes_again(logs):
    first, second, _ = experiments(logs)
    (first.path / "report.md").unlink()
    (second.path / "report.md").write_text("mine")
    assert all_stale(logs) == ["exp001", "exp002"]


def test_without_what_was_kept_everything_is_made_again(logs):
    (logs / KEPT).write_text("[1")
    assert all_stale(logs) == NAMES


def test_damaged_markers_keep_no_other_entry_from_being_written(logs):
    path = logs / FILE
    text = path.read_text().replace(markers("exp002")[1], "") + "mine\n"
    path.write_text(text)
    for run in experiments(logs):
        add_score(run, 0.7)
    refused = write_entries(logs, experiments(logs))
    assert list(refused) == ["exp002-hill"]
    assert "exp002 are not one pair in order" in str(refused["exp002-hill"])
    assert path.read_text().count("LB 0.7") == 2
    assert path.read_text().endswith("mine\n")
    assert all_stale(logs) == ["exp002"]


def test_a_folder_that_cannot_be_read_keeps_no_other_entry_from_being_written(logs):
    (logs / "exp004-odd").mkdir()
    refused = write_entries(logs, experiments(logs))
    assert list(refused) == ["exp004-odd"]


def test_a_single_entry_is_written_whether_it_is_stale_or_not(logs):
    path = experiments(logs)[0].path / "report.md"
    path.write_text("mine")
    write_entry(logs, experiments(logs)[0])
    assert path.read_text().startswith("# exp001")
    assert all_stale(logs) == []


def test_experiments_are_read_although_their_summaries_are_gone_or_of_an_earlier_version(logs):
    first, second, third = experiments(logs)
    first.summary.unlink()
    second.summary.write_text(second.summary.read_text().replace('"references"', '"other"'))
    third.summary.write_text("{")
    assert all_stale(logs) == []
    assert "references" in second.summary.read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_no_error_where_nothing_is_new(logs):
    logs.chmod(0o500)
    assert all_stale(logs) == []
    logs.chmod(0o700)
