"""How numbers are written, to the letter."""

import math

import pytest

from cockpit.store import numbers

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (NAN, "NaN"),
        (INF, "∞"),
        (-INF, "-∞"),
        (0, "0.0000"),
        (0.0, "0.0000"),
        (0.86134, "0.8613"),
        (-0.5, "-0.5000"),
        (0.001, "0.0010"),
        (0.000999, "9.99e-04"),
        (99999.0, "99999.0000"),
        (100000.0, "1.00e+05"),
        (-123456.0, "-1.23e+05"),
        (1e-12, "1.00e-12"),
        (3, "3.0000"),
    ],
)
def test_metrics(value, text):
    assert numbers.metric_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (NAN, "—"),
        (0.0, "+0.0000"),
        (0.01404, "+0.0140"),
        (-0.01404, "-0.0140"),
        (5e-05, "+0.0001"),
        (4e-05, "+4.0e-05"),
        (-1.23e-07, "-1.2e-07"),
    ],
)
def test_deltas_always_have_a_sign(value, text):
    assert numbers.delta_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (True, "True"),
        (32, "32"),
        ("cosine", "cosine"),
        (0.5, "0.5"),
        (32.0, "32"),
        (0.0003, "3.0e-04"),
        (0.0051589, "0.00516"),
        (0.123456, "0.123"),
        (51.14, "51.1"),
        (0.0, "0"),
        (NAN, "nan"),
        (INF, "inf"),
        (10**30, str(10**30)),
        (-2.5e-05, "-2.5e-05"),
    ],
)
def test_settings(value, text):
    assert numbers.setting_text(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "—"),
        (NAN, "—"),
        (INF, "—"),
        (-5, "0.0s"),
        (0, "0.0s"),
        (9.94, "9.9s"),
        (10, "10s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (724, "12m04s"),
        (3599.6, "1h00m"),
        (3900, "1h05m"),
        (86399.9, "1d00h"),
        (273600, "3d04h"),
    ],
)
def test_durations(seconds, text):
    assert numbers.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (NAN, "—"), (-3, "0s"), (30.9, "30s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (259200, "3d")],
)
def test_ages(seconds, text):
    assert numbers.age_text(seconds) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1.0005, "1970-01-01T00:00:01.000Z"),
        (None, None),
        (NAN, None),
        (INF, None),
        (1e20, None),
    ],
)
def test_times(at, text):
    assert numbers.utc_text(at) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 trials"), (1, "1 trial"), (2, "2 trials")])
def test_counts(count, text):
    assert numbers.counted(count, "trial") == text


@pytest.mark.parametrize(
    ("values", "goal", "line"),
    [
        ([], "maximize", ""),
        ([None, NAN, INF], "maximize", ""),
        ([0.5], "maximize", "▄"),
        ([0.0, 1.0], "maximize", "▁█"),
        ([1.0, 0.0], "maximize", "▄▄"),
        ([1.0, 0.0], "minimize", "█▁"),
        ([0.0, None, 0.5, 1.0], "maximize", "▁▅█"),
        ([float(value) for value in range(16)], "maximize", "▁▂▃▄▅▆▇█"),
    ],
)
def test_sparklines_show_the_best_so_far(values, goal, line):
    assert numbers.sparkline(values, goal) == line


def test_a_sparkline_is_never_wider_than_told_and_ends_with_the_best():
    for count in range(1, 100):
        line = numbers.sparkline([float(value) for value in range(count)], "maximize")
        assert len(line) == min(8, count)
        assert line[-1] == ("█" if count > 1 else "▄")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (812 << 20, "812 MiB"),
        (23.46 * (1 << 30), "23.5 GiB"),
        (252 << 30, "252 GiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_sizes(count, text):
    assert numbers.size_text(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (NAN, ""), (0.0, "0%"), (0.004, "0.4%"), (0.0994, "9.9%"), (0.431, "43%"), (1.0, "100%")],
)
def test_shares(value, text):
    assert numbers.share_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (INF, ""), (0.0, "0.00"), (4.14e-5, "0.04"), (0.0123, "12.30"), (1.25, "1250.00")]
)
def test_milliseconds(value, text):
    assert numbers.milliseconds_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0441, "0.0441"), (99.94, "99.9"), (100.0, "100"), (119137.4, "119,137")]
)
def test_quantities(value, text):
    assert numbers.quantity_text(value) == text
