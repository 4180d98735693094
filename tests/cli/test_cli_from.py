"""`cockpit sweep --from`: a sweep that starts with what another experiment found."""

import json

GRID = """\
trainer: toy
engine: local
method: {method}
metric: {{name: score, goal: maximize}}
parameters: {{x: {{values: [{values}]}}, y: {{value: 0.0}}, steps: {{value: 2}}, epochs: {{value: 1}}}}
run_cap: {cap}
resources: {{cpu: 0.5}}
"""


def test_a_grid_leaves_out_what_was_tried(answer, folder):
    (folder / "few.yaml").write_text(GRID.format(method="grid", values="0.1, 0.2", cap=9))
    (folder / "more.yaml").write_text(GRID.format(method="grid", values="0.1, 0.2, 0.3", cap=9))
    assert answer("sweep", "few.yaml", "--json").code == 0
    done = answer("sweep", "few.yaml", "--from", "exp001")
    assert done.complaint.startswith("cockpit: few.yaml: nothing is left to try")
    done = answer("sweep", "more.yaml", "--from", "exp001", "--json")
    assert done.err == "2 of 2 trials of exp001 used\n"
    document = json.loads(done.out)
    assert [trial["config"]["x"] for trial in document["trials"]] == [0.3]


def test_a_sampler_starts_with_it_and_a_plan_tells(cockpit, folder):
    (folder / "few.yaml").write_text(GRID.format(method="grid", values="0.1, 0.2", cap=2))
    (folder / "bayes.yaml").write_text(GRID.format(method="bayes", values="0.2, 0.3", cap=2))
    assert cockpit("sweep", "few.yaml", "--json").code == 0
    told = cockpit("sweep", "bayes.yaml", "--from", "exp001", "--dry-run", "--json", "--no-measure")
    assert told.err == "1 of 2 trials of exp001 used; 1 lies outside the space\n"
    assert json.loads(told.out)["trials"] == 2


def test_another_metric_teaches_nothing(cockpit, folder):
    (folder / "few.yaml").write_text(GRID.format(method="random", values="0.1, 0.2", cap=1))
    assert cockpit("sweep", "few.yaml", "--json").code == 0
    other = GRID.format(method="random", values="0.1, 0.2", cap=1).replace(
        "score, goal: maximize", "loss, goal: minimize"
    )
    (folder / "other.yaml").write_text(other)
    said = cockpit("sweep", "other.yaml", "--from", "exp001").complaint
    assert "nothing can be taken from exp001: it was to maximize score, this search is to minimize loss" in said
