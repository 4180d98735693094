"""The allowance of bytes."""

from cockpit.tui.widgets.pace import SAVED_SECONDS, Pace


def test_after_a_rest_a_picture_is_written_at_once_and_then_waits_for_its_allowance():
    pace = Pace()
    now = 100.0
    assert pace.wait(now) <= 0
    pace.spend(now, size=int(SAVED_SECONDS * 1000) + 3000, rate=1000)
    assert pace.wait(now) == 3.0
    assert pace.wait(now + 2) == 1.0
    assert pace.wait(now + 3) <= 0


def test_in_the_long_run_no_more_is_written_than_allowed():
    pace, written, rate = Pace(), 0, 1000
    for tick in range(4 * 60):
        now = tick / 4
        if pace.wait(now) <= 0:
            pace.spend(now, 1700, rate)
            written += 1700
    assert 55 * rate <= written <= (60 + SAVED_SECONDS) * rate + 1700


def test_what_is_small_never_waits():
    pace = Pace()
    for tick in range(400):
        assert pace.wait(tick / 4) <= 0
        pace.spend(tick / 4, 200, 1000)
