"""Formats for people and for other programs, which nobody reads back here."""

import json
import math
import re
from html.parser import HTMLParser

import optuna
import pandas
import pyarrow.parquet
import pytest
from builders import Recorder, every_kind
from export.exporting import NUMBERS, SECRET, bits, confirmed, hard_experiment, numbers_of_index, record_of
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from cockpit.export.latex import escaped, number
from cockpit.export.registry import ENDINGS, MODULES, format_named, name_by_ending
from cockpit.export.svg_chart import MOST_POINTS, Line, chart, ticks
from cockpit.export.writing import write


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return hard_experiment(tmp_path_factory.mktemp("logs"))


def text_of(run, name, trial=""):
    with record_of(run, trial) as record:
        return "".join(format_named(name).text(record))


@pytest.mark.parametrize("name", MODULES)
def test_formats_have_their_names_and_endings(name):
    form = format_named(name)
    assert form.name == name and form.summary
    assert form.text or form.file or form.folder
    for ending in form.endings:
        assert ENDINGS[ending] == name


def test_an_ending_tells_the_format(tmp_path):
    assert name_by_ending(tmp_path / "a.CSV") == "csv"
    assert name_by_ending(tmp_path / "a.tar") is None


@pytest.mark.parametrize("name", ["md", "csv", "json", "html", "latex"])
def test_texts_hold_no_secret_and_no_escape(run, name):
    text = text_of(run, name)
    assert SECRET not in text and "letmein12345" not in text and "/home/me" not in text
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)


@pytest.mark.parametrize("trial", ["", "t001"])
def test_the_page_is_the_report(run, trial):
    text = text_of(run, "md", trial)
    assert text.startswith("# exp001")
    assert re.search(r"\| (\*\*)?t001\b", text)
    assert "diary.md" not in text and text.endswith("\n")
    assert ("t002" in text) == (not trial)


class Page(HTMLParser):
    """Which tags a page has, that they are closed, and its text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.attributes = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("trial", ["", "t001"])
def test_the_page_for_browsers_stands_alone(run, trial):
    text = text_of(run, "html", trial)
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object", "b"} & set(page.tags)
    assert not [pair for pair in page.attributes if pair[0] in ("src", "href") or pair[0].startswith("on")]
    assert "http" not in text.replace("http-equiv", "") and "url(" not in text
    assert "prefers-color-scheme" in text and "@media print" in text
    assert page.tags.count("svg") > 4 and "Norms over time" in text
    assert "<b>it</b>" in "".join(page.words) and "-0.0" not in text


def test_the_page_says_what_matters(run):
    with record_of(run) as record:
        best = record.best
    words = "\n".join(Page(text_of(run, "html")).words)
    assert f"{best.best:.4f} ({best.id})" in words
    assert "t000 ◆" in words and "asha rung 1" in words and "host_name" in words


def test_an_experiment_without_anything_can_be_exported(tmp_path):
    run = Recorder(tmp_path / "logs", varied=[], metric="").end()
    for name in MODULES:
        with record_of(run) as record:
            write(record, format_named(name), tmp_path / f"out.{name}")
        assert (tmp_path / f"out.{name}").exists()


def test_the_table_for_papers(run):
    text = text_of(run, "latex")
    lines = text.splitlines()
    with record_of(run) as record:
        best = record.best
    (bold,) = [line for line in lines if line.startswith(f"\\textbf{{{best.id}")]
    assert f"\\textbf{{{best.best:.4f}}}" in bold
    assert [line for line in lines if line.startswith(("t000$^\\dagger$", "\\textbf{t000$^\\dagger$}"))]
    assert "x\\_y \\& 50 \\% of \\{a\\}" in text and "\\textless{}script" in text
    assert {line.count(" & ") for line in lines if line.endswith(" \\\\")} == {lines[7].count(" & ")}
    assert text.count("{") == text.count("}") and all(
        rule in text for rule in ("\\toprule", "\\midrule", "\\bottomrule")
    )


def test_numbers_are_set_as_mathematics():
    assert number("1.2e-05") == "$1.2 \\times 10^{-5}$"
    assert number("3e+10") == "$3 \\times 10^{10}$"
    assert number("-0.5") == "$-0.5$"
    assert number("0.5") == "0.5" and number("a_b") == "a\\_b"
    assert escaped("\\a\nb") == "\\textbackslash{}a b"


def test_parquet_has_every_number(run, tmp_path):
    with record_of(run) as record:
        write(record, format_named("parquet"), tmp_path / "tables")
        write(record, format_named("parquet"), tmp_path / "steps.parquet")
        wanted = numbers_of_index(record)
    steps = pyarrow.parquet.read_table(tmp_path / "tables" / "steps.parquet")
    assert str(steps.to_pylist()) == str(pyarrow.parquet.read_table(tmp_path / "steps.parquet").to_pylist())
    found = {}
    for row in steps.to_pylist():
        place = tuple(row.pop(name) for name in ("trial", "kind", "phase", "step"))
        names = {"metrics.trial": "trial", "metrics.metrics.x": "metrics.x"}
        known = {f"m {names.get(name, name)}": bits(value) for name, value in row.items() if value is not None}
        own = {"epoch": row["epoch"], "time": bits(row["time"])}
        found[place] = own | {name: value for name, value in known.items() if name not in ("m epoch", "m time")}
    for row in pyarrow.parquet.read_table(tmp_path / "tables" / "norms.parquet").to_pylist():
        place = (row.pop("trial"), "norms", row.pop("group"), row.pop("step"))
        found[place] = {name: bits(value) for name, value in row.items()}
    assert found == wanted


def test_pandas_reads_the_trials(run, tmp_path):
    with record_of(run) as record:
        write(record, format_named("parquet"), tmp_path / "tables")
        trials = pandas.read_parquet(tmp_path / "tables" / "trials.parquet")
        assert list(trials["trial"]) == [trial.id for trial in record.trials]
        assert list(trials["config.lr"]) == [trial.config["lr"] for trial in record.trials]
    assert trials["config.layers"].dtype == "int64" and trials["config.flag"].dtype == "bool"
    tables = [pyarrow.parquet.read_table(path) for path in sorted((tmp_path / "tables").iterdir())]
    assert len(tables) == 4 and SECRET not in str([table.to_pylist() for table in tables])
    assert json.loads(trials["config.inner"][0]) == {"depth": [1, 2.5, None]}


def study_of(run, path):
    with record_of(run) as record:
        write(record, format_named("optuna"), path)
    return optuna.load_study(study_name=None, storage=JournalStorage(JournalFileBackend(str(path))))


def test_optuna_opens_the_journal(run, tmp_path):
    study = study_of(run, tmp_path / "study.log")
    assert study.study_name == "exp001-hard" and study.metric_names == ["score"]
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED]
    with record_of(run) as record:
        for trial, row in zip(study.trials, record.trials, strict=True):
            assert trial.value == row.best
            assert trial.params == {"lr": row.config["lr"], "text": row.config["text"]}
            assert list(trial.intermediate_values.values()) == list(row.evaluations)
            assert json.loads(trial.user_attrs["config"])["layers"] == 12
            assert trial.user_attrs["trial"] == row.id
        assert study.best_value == record.trials[0].best
    assert SECRET not in (tmp_path / "study.log").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["study.log"]


def test_optuna_gets_what_lies_outside_of_the_space_and_what_has_no_value(tmp_path):
    (tmp_path / "logs").mkdir()
    recorder = Recorder(tmp_path / "logs", varied=["x", "y"])
    search = "name: hill\ntrainer: toy\nmethod: random\nmetric: {name: score, goal: maximize}\n"
    space = "parameters: {x: {min: 0.0, max: 1.0}, y: {distribution: q_uniform, min: 0.0, max: 1.0, q: 0.25}}\n"
    recorder.run.search.write_text(search + space)
    recorder.trial(0, [0.5, math.nan], config={"x": 0.5, "y": 0.25})
    recorder.trial(1, [], status="failed", config={"x": 7.0, "y": 0.75})
    recorder.start(2, config={"x": 1.0, "y": 0.5})
    study = study_of(recorder.run, tmp_path / "study.log")
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL, TrialState.RUNNING]
    assert [trial.params for trial in study.trials] == [
        {"x": 0.5, "y": 0.25},
        {"x": 7.0, "y": 0.75},
        {"x": 1.0, "y": 0.5},
    ]
    found = study.trials[0].distributions["x"]
    assert (found.low, found.high) == (0.0, 7.0)
    assert math.isnan(study.trials[0].intermediate_values[2])


def test_charts_keep_peaks_and_breaks():
    points = [(step, math.sin(step)) for step in range(10_000)]
    points[5000] = (5000, 50.0)
    points[7000] = (7000, math.nan)
    drawing = chart("a <b>", [Line("t<0", points)])
    assert drawing.count("L") <= MOST_POINTS and " 10.0L" in drawing
    assert drawing.count("M") == 2 and "&lt;0" in drawing and "a &lt;b&gt;" in drawing
    assert chart("nothing", [Line("t", [(1, math.nan)])]) == ""
    assert "h0" in chart("one", [Line("t", [(1, 2.0)])])


@pytest.mark.parametrize("low, high", [(0, 1), (-3, 7), (1e-9, 2e-9), (0.1, 1e6), (5e307, 1.7e308)])
def test_ticks_are_few_and_inside(low, high):
    found = ticks(low, high)
    assert 1 <= len(found) <= 6
    assert all(low <= value <= high * 1.0001 for value in found)


def test_odd_numbers_make_no_chart_fail(tmp_path):
    recorder = Recorder(tmp_path / "logs")
    recorder.trial(0, list(NUMBERS)).trial(1, [1e308, -1e308])
    text_of(recorder.end(), "html")
    text_of(every_kind(tmp_path / "more"), "html")


def test_tables_and_pages_tell_runs_that_confirm_from_trials(tmp_path):
    run = confirmed(tmp_path)
    rows = [line for line in text_of(run, "latex").splitlines() if line.startswith(("t0", "\\textbf"))]
    assert [re.search(r"t\d+", row)[0] for row in rows] == ["t001", "t000"]
    words = Page(text_of(run, "html")).words
    assert "2 trials + 6 confirmations" in words
    assert any(word.startswith("✅ +0.3") for word in words)
