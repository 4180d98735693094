"""Which charts a trial has."""

from builders import Recorder
from views import snapshot_of

from cockpit.events.kinds import Eval, Norms, Step
from cockpit.tui.interest import Metric
from cockpit.tui.panels import panels


def panels_of(recorder, trial="t000"):
    snapshot = snapshot_of(recorder.run, trial)
    view = snapshot.sweeps[recorder.run.name]
    return panels(view, view.trial(trial), snapshot.focus.groups)


def a_trial(logs, *events):
    recorder = Recorder(logs)
    writer = recorder.start(0)
    for event in events:
        writer.write(event)
    return recorder


def test_the_loss_comes_first_then_the_aim_then_evaluations_then_steps(tmp_path):
    found = panels_of(
        a_trial(
            tmp_path,
            Step(step=1, metrics={"lr": 0.1, "loss": 1.0, "grad": 2.0}),
            Eval(step=1, metrics={"accuracy": 0.5, "score": 0.6}),
        )
    )
    assert [panel.title for panel in found] == ["loss", "score", "accuracy", "grad", "lr"]


def test_training_validation_and_test_share_a_chart_and_keep_their_colours(tmp_path):
    found = panels_of(
        a_trial(
            tmp_path,
            Step(step=1, metrics={"loss": 1.0, "score": 0.1}),
            Eval(step=1, metrics={"loss": 2.0}),
            Eval(step=1, phase="test", metrics={"loss": 3.0, "score": 0.2}),
        )
    )
    loss, score = found
    assert [(line.label, line.color) for line in loss.lines] == [("train", 0), ("test", 2), ("valid", 1)]
    assert {line.label: line.color for line in score.lines} == {"train": 0, "test": 2}


def test_a_line_that_is_alone_needs_no_label_but_its_phase_is_in_the_title(tmp_path):
    found = panels_of(
        a_trial(tmp_path, Eval(step=1, metrics={"score": 0.5}), Eval(step=1, phase="test", metrics={"f1": 1}))
    )
    assert [(panel.title, panel.lines[0].label) for panel in found] == [("score", ""), ("f1 (test)", "")]


def test_fine_tuning_has_charts_of_its_own(tmp_path):
    found = panels_of(
        a_trial(
            tmp_path,
            Step(step=1, metrics={"loss": 1.0}),
            Step(phase="tune", step=1, metrics={"loss": 1.0}),
            Eval(phase="tune_valid", step=1, metrics={"loss": 1.0}),
            Step(phase="tune2", step=1, metrics={"loss": 1.0}),
        )
    )
    assert sorted(panel.title for panel in found) == ["loss", "loss (tune)", "loss (tune2)"]
    tuning = next(panel for panel in found if panel.title == "loss (tune)")
    assert sorted((line.label, line.color) for line in tuning.lines) == [("tune", 0), ("tune_valid", 1)]


def test_one_phase_with_steps_and_evaluations_is_told_apart(tmp_path):
    (found,) = panels_of(a_trial(tmp_path, Step(metrics={"loss": 1.0}), Eval(phase="train", metrics={"loss": 1.0})))
    assert {line.label for line in found.lines} == {"train step", "train eval"}
    assert len({line.color for line in found.lines}) == 2


def test_norms_are_charts_with_a_line_for_each_group(tmp_path):
    norms = [Norms(step=step, group=group, grad_mean=1.0) for step in (1, 2) for group in ("head", "body")]
    found = panels_of(a_trial(tmp_path, Step(step=1, metrics={"loss": 1.0}), *norms))
    assert [panel.title for panel in found] == ["loss", "gradient norm", "parameter norm", "update Δw/w"]
    assert [(line.label, line.metric) for line in found[1].lines] == [
        ("body", Metric("norm", "body", "grad_mean")),
        ("head", Metric("norm", "head", "grad_mean")),
    ]


def test_metrics_of_other_trials_are_no_charts_of_this_one(tmp_path):
    recorder = a_trial(tmp_path, Step(step=1, metrics={"loss": 1.0}))
    recorder.start(1).write(Step(step=1, metrics={"other": 1.0}))
    assert [panel.title for panel in panels_of(recorder)] == ["loss"]
    assert [panel.title for panel in panels_of(recorder, "t001")] == ["other"]
