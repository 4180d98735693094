"""What an entry says of a blend, from the record alone."""

import pytest
from builders import Recorder

from cockpit.diary.facts import gather
from cockpit.diary.page import entry
from cockpit.events.kinds import Eval


def blend(logs, gain, *, fitted=True, members=2):
    """A blend of exp021, exp022 … as the command records it."""
    recorder = Recorder(
        logs, "exp030-blend", trainer="blend", engine="blend", metric="auc", varied=["method", "members"]
    )
    names = [f"exp{number:03d}" for number in range(21, 21 + members)]
    for number, name in enumerate(names):
        config = {"method": "single", "members": name, f"weight.{name}": 1.0}
        recorder.trial(number, [0.9408 - number * 0.0048], metric="auc", config=config, baseline=number == 0)
    weights = [0.7, 0.3, *[0.0] * (members - 2)]
    for number, method in enumerate(("mean", "weights" if fitted else "rank"), start=members):
        config = {"method": method, "members": " + ".join(names)}
        config |= {f"weight.{name}": weight for name, weight in zip(names, weights, strict=True)}
        writer = recorder.start(number, config=config)
        value = 0.9380 + 0.0013 * (number - members)
        metrics = {"auc": value, "gain": gain[0], "gain_low": gain[1], "gain_high": gain[2]}
        writer.write(Eval(metrics=metrics | ({"auc_in_sample": 0.9421} if method == "weights" else {})))
        recorder.finish(number, writer)
    return recorder.end()


def test_the_merge_set_single_scores_gain_and_interval_stand_in_the_entry(tmp_path):
    text = entry(gather(tmp_path, blend(tmp_path, (-0.0015, -0.0040, 0.0011))))
    scores = "weights; single: 0.9408, 0.9360; OOF weights 0.7/0.3; in sample 0.9421"
    assert f"**merge** exp021 + exp022 → auc 0.9393 ({scores})" in text
    assert (
        "**gain** over exp021, the best single one: -0.0015 [-0.0040, +0.0011] over rows drawn anew: "
        "not distinguishable; the best of 2 ways on these rows" in text
    )
    assert "one seed" not in text


@pytest.mark.parametrize(("gain", "verdict"), [((0.01, 0.002, 0.02), "better"), ((-0.01, -0.02, -0.002), "worse")])
def test_a_gain_whose_interval_leaves_out_zero_is_told(tmp_path, gain, verdict):
    assert f"over rows drawn anew: {verdict}; the best" in entry(gather(tmp_path, blend(tmp_path, gain)))


def test_methods_without_fitted_weights_name_none_and_many_members_are_cut(tmp_path):
    text = entry(gather(tmp_path, blend(tmp_path, (0.0, -0.1, 0.1), fitted=False, members=30)))
    (line,) = [line for line in text.splitlines() if line.startswith("**merge**")]
    assert "OOF weights" not in line
    assert "exp031 + … → auc 0.9393 (rank; single: 0.9408, " in line


def test_other_experiments_say_nothing_of_merges(tmp_path):
    text = entry(gather(tmp_path, Recorder(tmp_path).trial(0, [0.5]).end()))
    assert "**merge**" not in text
    assert "one seed: not distinguishable" in text
