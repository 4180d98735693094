import pytest
from printed.reading import brief, metrics

from cockpit.printed import PatternError, PrintedReader, check_pattern


def test_named_groups_are_metrics_and_only_the_pattern_counts():
    text = "acc: 0.5\n@3/7 valid> 0.25 (93%)\n" + '{"kind":"step","step":9,"loss":0.5}\n{"loss": 0.4}\n'
    pattern = r"@(?P<epoch>\d+)/(?P<step>\d+) (?P<phase>\w+)> (?P<mrr>\S+) \((?P<share>\S+)\)"
    assert brief(text, pattern=pattern) == [
        ("eval", "valid", 3, 7, {"mrr": 0.25, "share": 93.0}),
        ("step", "train", 0, 9, {"loss": 0.5}),
    ]


def test_keys_and_values_are_found_again_and_again():
    text = "a -> 0.5; b -> 1; c -> none\n[rank1]: a -> 7\n"
    pattern = r"(?P<key>\w+) -> (?P<value>\S+?)(?:;|$)"
    assert metrics(text, pattern=pattern) == [("step", "train", {"a": 0.5, "b": 1.0})]
    assert metrics(text, pattern=pattern, metric="b") == [("eval", "valid", {"a": 0.5, "b": 1.0})]


def test_what_looks_like_a_rank_is_the_step_where_the_pattern_says_so():
    text = "[3] loss 0.5\n[4] loss 0.4\n"
    assert [event[3] for event in brief(text, pattern=r"\[(?P<step>\d+)\] loss (?P<loss>\S+)")] == [3, 4]
    assert brief(text, pattern=r"loss (?P<loss>\S+)") == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"loss (?P<loss>\d+", "not a regular expression: missing ), unterminated subpattern at character 6"),
        (r"loss (\d+)", "names no group"),
        (r"(?P<key>\w+)", "only one of"),
        (r"(?P<loss>(\w+\s*)+):", "inside a repetition"),
        (r"(?P<loss>(a|ab)*)c", "inside a repetition"),
        (r"(?P<loss>(?:a?){30})", "inside a repetition"),
        (r"(?P<loss>(?=(a+)+b)a)", "inside a repetition"),
    ],
)
def test_patterns_that_cannot_be_used(pattern, message):
    with pytest.raises(PatternError, match=r"^[^\n]+$") as error:
        check_pattern(pattern)
    assert message in str(error.value)
    with pytest.raises(PatternError):
        PrintedReader(pattern=pattern)


def test_patterns_that_can_be_used():
    check_pattern(r"step\s+(?P<step>\d+).*?loss[:=]\s*(?P<loss>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?: .*)?$")
    check_pattern(r"(?:ab)+(?P<loss>\d{1,3})[[a]")


def test_a_slow_pattern_is_given_up_on_long_lines_and_still_reads_short_ones():
    """Without a bound each of these lines would take minutes."""
    for pattern, line in ((r"(?P<loss>.*.*.*.*=\d)", b"a" * 5000), (r"x*x*x*x*y|(?P<loss>\d)$", b"x" * 900)):
        reader = PrintedReader(pattern=pattern)
        assert [event.kind for event in reader.feed((line + b"\n") * 20)] == ["note"]
        reader.feed(b"7\n")
    assert [event.metrics["loss"] for event in reader.feed(b"8\n")] == [8.0]
