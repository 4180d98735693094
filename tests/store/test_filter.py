"""The filter line: what it matches, what it refuses and how it says so; checked against a naive evaluator as well."""

import fnmatch
import math
import random
from dataclasses import dataclass, field

import pytest

from cockpit.store.filter import EVERYTHING, FilterError, parse

NAN = math.nan
FIELDS = ("id", "status", "lr", "m", "loss", "best", "batch_size", "model.name", "eval/f1", "amp", "note")


@dataclass
class Row:
    values: dict
    texts: tuple = field(default=())

    def words(self):
        return self.texts or tuple(str(self.values[name]) for name in ("id", "status", "note") if name in self.values)

    def field(self, name, /):
        return self.values.get(name)


def matches(line, texts=(), **values):
    return parse(line, FIELDS).matches(Row(values, texts))


def error(line):
    with pytest.raises(FilterError) as caught:
        parse(line, FIELDS)
    assert "\n" not in str(caught.value)
    return caught.value


def test_an_empty_line_asks_for_nothing():
    assert parse("  ", FIELDS) is EVERYTHING
    assert not EVERYTHING
    assert EVERYTHING.matches(Row({}))
    assert parse("lr>1", FIELDS)


def test_a_word_is_looked_for_in_every_text_whatever_its_case():
    texts = ("t003", "ArcFace", "does a smaller Margin help?")
    assert matches("arcface", texts)
    assert matches("MARGIN t003", texts)
    assert not matches("margin t004", texts)
    assert matches('"smaller margin"', texts)
    assert not matches('"margin smaller"', texts)
    assert matches("'a smaller'", texts)
    assert matches("t0?3", texts)
    assert not matches('"t0?3"', texts)
    assert matches("arc*ce", texts)
    assert not matches("word", ())


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("status:run", True),
        ("status:RUN*", True),
        ("status:un", True),
        ("status:un*", False),
        ("status:r?nning", True),
        ('status:"r?nning"', False),
        ("STATUS:running", True),
        ("model.name:[base]", True),
        ("model.name:*[bs]ase]", False),
        ("model.name:*[b?se]", True),
        ("lr:e-06", True),
        ("lr:5.0e", True),
        ("best:NaN", True),
        ("loss:none", False),
        ("loss:*", False),
        ("'eval/f1'>0.9", True),
        ("eval/f1>0.9", True),
    ],
)
def test_a_pattern_is_a_part_of_the_text_or_a_glob_of_all_of_it(line, found):
    values = {"status": "running", "model.name": "bert [base]", "lr": 5e-06, "best": NAN, "loss": None, "eval/f1": 0.91}
    assert parse(line, FIELDS).matches(Row(values)) is found


@pytest.mark.parametrize(
    ("line", "value", "found"),
    [
        ("m=0.3", 0.30000000000000004, True),
        ("m=0.3", 0.3333, False),
        ("m=.3", 0.3, True),
        ("m==0.3", 0.3, True),
        ("m=0.3333", 1 / 3, True),
        ("m=0.333", 1 / 3, True),
        ("m=5e-6", 5.04e-06, True),
        ("m=5e-6", 5.2e-06, False),
        ("m=3e-1", 0.3, True),
        ("m=32", 32, True),
        ("m=32.0", 32, True),
        ("m=32", 32.4, False),
        ("m!=0.3", 0.30000000000000004, False),
        ("m!=0.3", 0.4, True),
        ("m>=0.3", 0.1 + 0.2, True),
        ("m>0.3", 0.1 + 0.2, False),
        ("m<=0.3", 0.1 + 0.2, True),
        ("m<0.3", 0.1 + 0.2, False),
        ("m>0.956", 0.9562, True),
        ("m>-1", 0, True),
        ("m<-1", -2, True),
        ("m<inf", 3, True),
        ("m=inf", math.inf, True),
        ("m>1e3", math.inf, True),
        ("m=TRUE", True, True),
        ("m=1", True, False),
        ("m=cosine", "Cosine", True),
        ("m!=cosine", "linear", True),
        ('m="a b"', "a b", True),
        ("m>a", "b", True),
        ("m<=b", "B", True),
        ("m=10", "10", True),
        ("m>5", 10**400, False),
        ("m=nan", NAN, True),
        ("m=[1,2]", [1, 2], False),
        ('m="[1, 2]"', [1, 2], True),
    ],
)
def test_comparisons(line, value, found):
    assert matches(line, m=value) is found


@pytest.mark.parametrize("value", [None, NAN])
@pytest.mark.parametrize("sign", ["=", "!=", ">", ">=", "<", "<="])
def test_nothing_compares_with_what_is_missing(sign, value):
    assert not matches(f"m{sign}0.3", m=value)
    assert matches(f"-m{sign}0.3", m=value)


def test_has_asks_for_a_value():
    assert matches("has:loss", loss=0.0)
    assert matches("has:loss", loss=NAN)
    assert not matches("has:loss", loss=None)
    assert not matches("HAS:Loss")
    assert matches("-has:loss")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a b", True),
        ("a AND b", True),
        ("a x", False),
        ("x | a", True),
        ("x OR y OR b", True),
        ("x|a", True),
        ("a x | b", True),
        ("a (x | b)", True),
        ("x (a | b)", False),
        ("(a)(b)", True),
        ("-x", True),
        ("- x", True),
        ("!x", True),
        ("NOT x", True),
        ("-a", False),
        ("--a", True),
        ("NOT -!a", False),
        ("-(a x)", True),
        ("-(a | x)", False),
        ("a -x | y", True),
        ('"OR"', False),
        ("or", False),
        ("c-d", True),
    ],
)
def test_and_or_not_and_parentheses(line, found):
    assert matches(line, ("a", "b", "c-d")) is found


def test_the_example_of_the_design_page():
    line = "lr>1e-5 status:running m=0.3 -stopped"
    assert matches(line, ("t001", "running"), lr=3e-5, status="running", m=0.3)
    assert not matches(line, ("t001", "stopped"), lr=3e-5, status="running", m=0.3)
    assert not matches(line, ("t001", "running"), lr=1e-5, status="running", m=0.3)


@pytest.mark.parametrize(
    ("line", "message", "position"),
    [
        ("losss>1", "unknown field losss (did you mean loss?)", 0),
        ("a lrr:3", "unknown field lrr (did you mean lr?)", 2),
        ("zzzz=1", "unknown field zzzz", 0),
        ("has:zzz a", "unknown field zzz", 4),
        ("has:bbest", "unknown field bbest (did you mean best?)", 4),
        (">3", "no field before >", 0),
        ("lr> a", "lr> needs a value", 3),
        ("a )", "this ) has no (", 2),
        (")", "this ) has no (", 0),
        ("(a | )", "nothing after | and before )", 5),
        ("()", "nothing after ( and before )", 1),
        ("| a", "nothing before |", 0),
        ("AND a", "nothing before AND", 0),
        ("a | | b", "nothing after | and before |", 4),
        ("a -| b", "nothing after - and before |", 3),
        ("(" * 41 + "a", "too many parentheses in one another", 40),
    ],
)
def test_what_is_wrong_is_said_in_one_line(line, message, position):
    found = error(line)
    assert (str(found), found.position, found.incomplete) == (message, position, False)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lr>", "lr> needs a value"),
        ("a lr!=", "lr!= needs a value"),
        ("has:", "has: needs a value"),
        ("has:lo", "no field is called lo yet"),
        ('note:"a b', 'the quote " is not closed'),
        ("'a", "the quote ' is not closed"),
        ("(a", "this ( is not closed"),
        ("a |", "nothing after |"),
        ("a AND", "nothing after AND"),
        ("a OR -", "nothing after -"),
        ("(", "nothing after ("),
    ],
)
def test_a_line_that_is_still_being_typed_is_incomplete(line, message):
    found = error(line)
    assert (str(found), found.incomplete) == (message, True)


@pytest.mark.parametrize("line", ["l", "running lr", "a -LR", "(status", "a | model.n"])
def test_a_name_of_a_field_that_is_still_being_typed_is_no_word_yet(line):
    assert parse(line.lstrip("("), FIELDS)
    with pytest.raises(FilterError) as caught:
        parse(line, FIELDS, is_typed=True)
    assert caught.value.incomplete


@pytest.mark.parametrize("line", ["lr ", "lrx", '"lr"', "zebra", "lr>1", "status:l", "a*"])
def test_other_words_count_while_they_are_typed(line):
    assert parse(line, FIELDS, is_typed=True)


def test_what_was_typed_cannot_steer_the_terminal():
    assert str(error("\x1b]52;c\x07>1")) == "unknown field  ]52;c "
    assert len(str(error("x" * 5000 + ">1"))) < 80


def test_long_lines_and_bad_patterns_stay_quick():
    row = Row({"note": "a" * 4096}, ("a" * 4096,))
    assert not parse("note:" + "*a" * 200 + "*b", FIELDS).matches(row)
    assert not parse("note:" + "*" * 3000 + "b", FIELDS).matches(row)
    assert parse("-" * 20_000 + "note:a*", FIELDS).matches(row)
    assert parse(" ".join(["a"] * 5000), FIELDS).matches(row)


# A second opinion: random expressions, written as lines in random ways, against an evaluator that reads the tree.

STATUSES = ("running", "pruned", "stopped")
NUMBERS = (0.1, 0.3, 1.0, 32.0)


def a_row(generator):
    values = {
        "status": generator.choice((*STATUSES, None)),
        "m": generator.choice((*NUMBERS, None, NAN)),
        "lr": generator.choice((1e-5, 3e-5, 1e-3)),
        "note": generator.choice(("small margin", "Large batch", "")),
    }
    return Row({name: value for name, value in values.items() if generator.random() < 0.9})


def an_expression(generator, depth):
    kind = generator.choice(("and", "or", "not", "word", "pattern", "number", "has") if depth else ("word", "number"))
    match kind:
        case "and" | "or":
            return kind, [an_expression(generator, depth - 1) for _ in range(generator.randint(2, 3))]
        case "not":
            return kind, an_expression(generator, depth - 1)
        case "word":
            return kind, generator.choice(("running", "MARGIN", "small margin", "zebra"))
        case "pattern":
            return kind, generator.choice(("status", "note")), generator.choice(("run", "*ed", "s?opped", "large*"))
        case "number":
            return (
                kind,
                generator.choice(("m", "lr")),
                generator.choice(("=", "!=", ">", ">=", "<", "<=")),
                (generator.choice((*NUMBERS, 1e-5, 3e-5))),
            )
        case "has":
            return kind, generator.choice(("m", "note", "status"))


def written(generator, expression):
    """The expression as a line; every compound is in parentheses, so that precedence has tests of its own above."""
    match expression:
        case "and", parts:
            return "(" + generator.choice((" ", " AND ", "  ")).join(written(generator, part) for part in parts) + ")"
        case "or", parts:
            return "(" + generator.choice((" | ", "|", " OR ")).join(written(generator, part) for part in parts) + ")"
        case "not", part:
            return generator.choice(("-", "!", "NOT ", "- ")) + written(generator, part)
        case "word", word:
            return f'"{word}"' if " " in word or generator.random() < 0.3 else word
        case "pattern", name, pattern:
            return f"{name}:{pattern}"
        case "number", name, sign, number:
            return f"{name}{sign}{generator.choice((str(number), f'{number:e}'))}"
        case "has", name:
            return f"has:{name}"


def holds(expression, row):
    match expression:
        case "and", parts:
            return all(holds(part, row) for part in parts)
        case "or", parts:
            return any(holds(part, row) for part in parts)
        case "not", part:
            return not holds(part, row)
        case "word", word:
            return any(word.lower() in text.lower() for text in row.words())
        case "pattern", name, pattern:
            value = row.values.get(name)
            if value is None:
                return False
            wanted = pattern if "*" in pattern or "?" in pattern else f"*{pattern}*"
            return fnmatch.fnmatchcase(value.lower(), wanted)
        case "number", name, sign, number:
            value = row.values.get(name)
            if value is None or math.isnan(value):
                return False
            return {
                "=": value == number,
                "!=": value != number,
                ">": value > number,
                ">=": value >= number,
                "<": value < number,
                "<=": value <= number,
            }[sign]
        case "has", name:
            return row.values.get(name) is not None


def test_random_expressions_mean_what_a_naive_evaluator_says():
    generator = random.Random(0)
    rows = [a_row(generator) for _ in range(40)]
    outcomes = set()
    for _ in range(500):
        expression = an_expression(generator, depth=4)
        line = written(generator, expression)
        wanted = parse(line, FIELDS)
        for row in rows:
            expected = holds(expression, row)
            outcomes.add(expected)
            assert wanted.matches(row) is expected, f"{line!r} on {row.values}"
    assert outcomes == {True, False}


def test_every_beginning_of_a_good_line_is_good_or_merely_incomplete():
    """A preview never flashes red while someone types a line from its beginning, but for names of fields."""
    line = 'lr>1e-5 (status:running | note:"small margin") -has:loss m=0.3'
    for end in range(len(line) + 1):
        try:
            parse(line[:end], FIELDS)
        except FilterError as problem:
            assert problem.incomplete, line[:end]


def test_random_garbage_is_understood_or_refused():
    generator = random.Random(1)
    for _ in range(3000):
        line = "".join(generator.choices("ab lr=<>!:|()-\"'*?.3 \tORNTAD", k=generator.randint(1, 14)))
        try:
            parse(line, FIELDS).matches(Row({"lr": 0.3}, ("ab",)))
        except FilterError as problem:
            assert 0 <= problem.position <= len(line)
