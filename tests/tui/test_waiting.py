"""Live: a trial that waits for data is told of, once."""

from builders import Recorder

from cockpit.events.kinds import Step
from cockpit.store.indexer import Indexer
from cockpit.tui.waiting import Waits
from cockpit.tui.watch import Watch


def test_a_running_trial_that_waits_is_told_of_once(tmp_path):
    recorder = Recorder(tmp_path)
    writers = [recorder.start(number, config={"num_workers": 1}) for number in range(2)]
    waits, said = Waits(), []
    indexer = Indexer(recorder.run)
    indexer.sync()
    watch = Watch(recorder.run)
    try:
        for step in range(1, 41):
            for writer, share in zip(writers, (0.5, 0.05), strict=True):
                writer.write(Step(step=step, metrics={"loss": 0.5, "wait": share}))
            indexer.sync()
            said += waits.hear(watch.look())
    finally:
        watch.close()
        indexer.close()
    assert [word.text for word in said] == [
        "t000 waited for data 50% of the time: raise num_workers (now 1), or make its preparation cheaper"
    ]
    assert said[0].tone == "warning"
