"""Down-sampling against a plain reference, and that it hides no spike."""

import math
import random

import pytest

from cockpit.store import schema
from cockpit.store.series import Bucket, downsample

METRIC = 1


@pytest.fixture
def connection(tmp_path):
    connection = schema.create(tmp_path / "index.db")
    yield connection
    connection.close()


def fill(connection, points):
    rows = [(0, METRIC, step, None if math.isnan(value) else value) for step, value in points]
    connection.executemany("INSERT INTO point VALUES (?, ?, ?, ?)", rows)


def reference(points, buckets, first=None, last=None):
    steps = [step for step, _ in points]
    first = min(steps) if first is None else first
    last = max(steps) if last is None else last
    groups = {}
    for step, value in points:
        if first <= step <= last:
            groups.setdefault((step - first) * buckets // (last - first + 1), []).append((step, value))
    made = []
    for _, group in sorted(groups.items()):
        finite = [value for _, value in group if not math.isnan(value)]
        missing = len(group) - len(finite)
        low, high, mean = (min(finite), max(finite), sum(finite) / len(finite)) if finite else (None, None, None)
        made.append(Bucket(group[0][0], group[-1][0], low, high, mean, missing))
    return made


@pytest.mark.parametrize("seed", range(20))
def test_buckets_are_those_of_the_plain_reference(connection, seed):
    dice = random.Random(seed)
    steps = sorted(dice.sample(range(-50, 5000), dice.randint(1, 600)))
    points = [(step, math.nan if dice.random() < 0.1 else dice.gauss(0, 10)) for step in steps]
    fill(connection, points)
    first, last = sorted(dice.sample(range(-100, 5100), 2))
    for buckets in (1, 2, 7, 100, 10_000):
        for window in ((None, None), (first, last), (None, last), (first, None)):
            found = downsample(connection, 0, METRIC, buckets, *window)
            lowest = steps[0] if window[0] is None else window[0]
            highest = steps[-1] if window[1] is None else window[1]
            wanted = reference(points, buckets, *window) if lowest <= highest else []
            assert [bucket.mean for bucket in found] == pytest.approx([bucket.mean for bucket in wanted])
            plain = [(b.first_step, b.last_step, b.low, b.high, b.missing) for b in found]
            assert plain == [(b.first_step, b.last_step, b.low, b.high, b.missing) for b in wanted]
            assert len(found) <= buckets


def test_a_spike_among_many_points_is_kept(connection):
    fill(connection, [(step, 1000.0 if step == 4321 else 0.5) for step in range(10_000)])
    found = downsample(connection, 0, METRIC, 50)
    assert len(found) == 50
    assert max(bucket.high for bucket in found) == 1000.0
    (spiked,) = [bucket for bucket in found if bucket.high == 1000.0]
    assert spiked.first_step <= 4321 <= spiked.last_step
    assert spiked.low == 0.5


def test_nan_counts_as_missing_and_not_as_a_number(connection):
    fill(connection, [(0, 1.0), (1, math.nan), (2, 3.0), (3, math.nan), (4, math.nan)])
    assert downsample(connection, 0, METRIC, 1) == [Bucket(0, 4, 1.0, 3.0, 2.0, 3)]
    assert downsample(connection, 0, METRIC, 5)[3:] == [
        Bucket(3, 3, None, None, None, 1),
        Bucket(4, 4, None, None, None, 1),
    ]


def test_nothing_gives_no_buckets(connection):
    assert downsample(connection, 0, METRIC, 10) == []


def test_one_point_is_one_bucket(connection):
    fill(connection, [(7, 0.25)])
    assert downsample(connection, 0, METRIC, 10) == [Bucket(7, 7, 0.25, 0.25, 0.25, 0)]


def test_more_buckets_than_points_gives_every_point(connection):
    points = [(step, float(step)) for step in (1, 5, 9)]
    fill(connection, points)
    assert downsample(connection, 0, METRIC, 1000) == [Bucket(s, s, v, v, v, 0) for s, v in points]


@pytest.mark.parametrize(("buckets", "first", "last"), [(0, None, None), (-1, None, None), (5, 9, 3), (5, 100, 200)])
def test_what_asks_for_nothing_gets_nothing(connection, buckets, first, last):
    fill(connection, [(step, 1.0) for step in range(10)])
    assert downsample(connection, 0, METRIC, buckets, first, last) == []


def test_other_trials_and_metrics_are_left_out(connection):
    fill(connection, [(1, 1.0)])
    connection.executemany("INSERT INTO point VALUES (?, ?, ?, ?)", [(1, METRIC, 1, 5.0), (0, 2, 1, 7.0)])
    assert downsample(connection, 0, METRIC, 4) == [Bucket(1, 1, 1.0, 1.0, 1.0, 0)]
