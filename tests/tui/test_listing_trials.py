"""The rows of the list of trials."""

from builders import Recorder
from views import snapshot_of

from cockpit.tui.glyphs import UNICODE
from cockpit.tui.listing.trials import RowContext, TrialColumns, TrialItem, best_id


def test_runs_that_confirm_say_so_and_stand_back(tmp_path):
    recorder = Recorder(tmp_path, extra={"confirm": 1}).trial(0, [0.5], baseline=True).trial(1, [0.6])
    recorder.trial(2, [0.5], config={"x": 0.1}, extra={"confirms": "t001", "pair": 0})
    view = snapshot_of(recorder.end()).sweeps["exp001-hill"]
    columns, context = TrialColumns(view), RowContext(UNICODE, best_id(view), 0.0)
    items = [TrialItem(trial, view.sweep.metric) for trial in view.trials]
    searched, confirming = (columns.cells(item, context) for item in items[1:])
    assert searched[-1].text == ""
    assert (confirming[-1].text, confirming[-1].style) == ("confirms t001 on seed 2", "dim")
    assert "confirms t001 on seed 2" in items[2].words()
