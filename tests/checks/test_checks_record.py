"""What a record alone gives away: trials that are the same, scores that are the same, scores that prove nothing."""

from __future__ import annotations

from typing import Any

import pytest
from builders import Recorder

from cockpit.checks.evidence import Evidence, evidence_of
from cockpit.checks.finding import OK, UNKNOWN, WARNING, Finding
from cockpit.checks.record import IDENTICAL, PAPER, TRIVIAL
from cockpit.checks.registry import check_record
from cockpit.events.kinds import Built, Eval, Step
from cockpit.store.reader import Index


class Record:
    """An experiment whose trials are told one by one."""

    def __init__(self, logs: Any, **fields: Any) -> None:
        self.recorder = Recorder(logs, **{"metric": "f1", "varied": ["s"], **fields})
        self.number = 0

    def trial(
        self,
        config: dict[str, Any],
        *metrics: dict[str, float],
        effective: dict[str, Any] | None = None,
        digest: str | None = None,
        trivial: dict[str, float] | None = None,
        status: str = "finished",
    ) -> Record:
        writer = self.recorder.start(self.number, config=config)
        built = config if effective is None else effective
        writer.write(Built(effective=built, digest=digest or f"d{self.number}", total_steps=9, trivial=trivial or {}))
        for step, values in enumerate(metrics, start=1):
            writer.write(Step(step=step, metrics={"loss": 1.0}))
            writer.write(Eval(step=step, metrics=values))
        self.recorder.finish(self.number, writer, status)
        self.number += 1
        return self

    def findings(self, check: str) -> list[Finding]:
        with Index(self.recorder.end()) as index:
            found = check_record(evidence_of(index, index.sweep(), index.trials()))
        return [finding for finding in found if finding.check == check]

    def only(self, check: str) -> Finding:
        (finding,) = self.findings(check)
        return finding


A, B = {"f1": 0.853312345, "recall": 0.7}, {"f1": 0.853312346, "recall": 0.7}


def test_the_same_to_all_digits_under_other_settings_is_asked_about(tmp_path):
    found = Record(tmp_path).trial({"s": 16}, A).trial({"s": 32}, A).only(IDENTICAL)
    assert (found.level, found.trials) == (WARNING, ("t000", "t001"))
    assert found.text == (
        "t000, t001 end with identical f1 0.85331 although they differ in s 16, 32; seed 0, 1: "
        "same effective configuration?"
    )


@pytest.mark.parametrize(
    ("config", "first", "second"),
    [
        ({"s": 32}, [A], [B]),  # nearly
        ({"s": 32}, [A], [A | {"recall": 0.71}]),  # not in all metrics
        ({"s": 32}, [A], [{"f1": 0.1, "recall": 0.1}, A]),  # not all the way
        ({"s": 32}, [{"f1": 1.0}], [{"f1": 1.0}]),  # as good as can be
    ],
)
def test_what_only_nearly_is_the_same_is_not(tmp_path, config, first, second):
    assert Record(tmp_path).trial({"s": 16}, *first).trial(config, *second).only(IDENTICAL).level == OK


def test_trials_that_differ_in_their_length_or_not_at_all_may_be_the_same(tmp_path):
    record = Record(tmp_path).trial({"s": 16, "epochs": 1}, A, digest="same")
    assert record.trial({"s": 32, "epochs": 1}, A, digest="same").only(IDENTICAL).level == OK


def test_a_parameter_that_was_varied_on_paper_only_is_found(tmp_path):
    record = Record(tmp_path)
    for s in (16, 32, 48):
        record.trial({"s": s, "m": s / 100}, A, effective={"s": 32.0, "m": s / 100})
    found = record.only(PAPER)
    assert (found.level, found.trials) == (WARNING, ("t000", "t001", "t002"))
    assert found.text.startswith("s was varied (16, 32, 48) and is 32 in every trial that was built")


def test_a_parameter_of_another_name_is_found_by_what_was_built_from_it(tmp_path):
    record = Record(tmp_path, varied=["scale"]).trial({"scale": 16}, A, effective={"s": 32}, digest="same")
    found = record.trial({"scale": 32}, A, effective={"s": 32}, digest="same").only(PAPER)
    assert (found.level, found.trials) == (WARNING, ("t000", "t001"))
    assert "differ in scale 16, 32" in found.text


@pytest.mark.parametrize("effective", [({"s": 16.0}, {"s": 32.0}), ({}, {"s": 32.0}), ({"head": "a"}, {"head": "b"})])
def test_a_parameter_that_arrives_or_is_not_told_is_fine(tmp_path, effective):
    record = Record(tmp_path)
    for s, built in zip((16, 32), effective, strict=True):
        record.trial({"s": s}, A, effective=built)
    assert record.only(PAPER).level == OK


def test_who_tells_nothing_is_not_said_to_be_fine(tmp_path):
    record = Record(tmp_path).trial({"s": 16}, A, effective={}).trial({"s": 32}, B, effective={})
    # The builder of records has told the settings once, before this.
    with Index(record.recorder.end()) as index:
        trials = [trial._replace(effective={}) for trial in index.trials()]
        found = check_record(Evidence(index.sweep(), trials))
    assert [finding.level for finding in found if finding.check in (PAPER, IDENTICAL, TRIVIAL)] == [
        UNKNOWN,
        OK,
        UNKNOWN,
    ]


def test_finished_trials_have_to_beat_answers_without_a_model(tmp_path):
    record = Record(tmp_path).trial({"s": 1}, {"f1": 0.4}, trivial={"f1": 0.5})
    record.trial({"s": 2}, {"f1": 0.6}, trivial={"f1": 0.5})
    record.trial({"s": 3}, {"f1": 0.5}, trivial={"f1": 0.5})
    found = record.trial({"s": 4}, {"f1": 0.1}, trivial={"f1": 0.5}, status="pruned").only(TRIVIAL)
    assert (found.level, found.trials) == (WARNING, ("t000", "t002"))
    assert "at best f1 0.5000, against 0.5000" in found.text


def test_lower_is_better_where_it_is(tmp_path):
    record = Record(tmp_path, goal="minimize", metric="loss").trial({"s": 1}, {"loss": 0.4}, trivial={"loss": 0.5})
    assert record.only(TRIVIAL).level == OK


def test_only_a_few_lines_are_made_of_many_findings(tmp_path):
    record = Record(tmp_path)
    for pair in range(10):
        for s in (16, 32):
            record.trial({"s": s}, {"f1": 0.1 + pair / 100})
    assert len(record.findings(IDENTICAL)) == 3
