"""Wrong input: exit code 2, one line on standard error that says what to do, and nothing left behind."""

import os

import pytest
from builders import HILL, Recorder
from PIL import Image

HEADER = "posting_id,image,image_phash,title,label_group\n"


@pytest.fixture
def nothing_made(folder):
    """Checks afterwards that no experiment and no logs folder came to be."""
    yield
    assert not (folder / "logs").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["fly"], "No such command 'fly'"),
        (["ls", "--fast"], "No such option '--fast'"),
        (["ls", "extra"], "unexpected extra argument"),
        (["sweep"], "name a SEARCH to run, or an experiment to --resume"),
        (["show"], "Missing argument"),
        (["sweep", "nope"], "there is no search 'nope'; known: arcface"),
        (["sweep", "missing.yaml"], "there is no search 'missing.yaml'"),
        (["sweep", "hill.yaml", "--trials", "0"], "run_cap: 0 is below 1"),
        (["sweep", "hill.yaml", "--trials", "many"], "'many' is not a valid integer"),
        (["sweep", "hill.yaml", "--epochs", "-1"], "-1.0 is not a number from 0 up"),
        (["sweep", "hill.yaml", "--cpus", "nan"], "'nan' is not a number from 0 up"),
        (["sweep", "hill.yaml", "--cpus", "99999"], "resources.cpu: a trial wants 99999 cores"),
        (["sweep", "hill.yaml", "--gpus", "99"], "resources.gpu: a trial wants 99 GPUs"),
        (["sweep", "hill.yaml", "--concurrent", "0"], "concurrent: 0 is below 1"),
        (["sweep", "hill.yaml", "--seed", "-1"], "seed: -1 is below 0"),
        (["sweep", "hill.yaml", "--set", "nonsense"], "--set nonsense: write it as KEY=VALUE"),
        (["sweep", "hill.yaml", "--set", "=3"], "write it as KEY=VALUE"),
        (["sweep", "hill.yaml", "--set", "xx=1"], "parameters.xx: toy has no such parameter"),
        (["sweep", "hill.yaml", "--set", "lr=99"], "above 10, the most that lr allows"),
        (["sweep", "hill.yaml", "--set", "lr=fast"], "'fast' is not a number"),
        (["sweep", "hill.yaml", "--set", "out=here"], "set for every trial by the program itself"),
        (["sweep", "hill.yaml", "--engine", "warp"], "'warp' is not one of 'ray', 'local'"),
        (["sweep", "hill.yaml", "--address", "x:1", "--engine", "local"], "drop one of them"),
        (["sweep", "arcface", "--data", "nowhere"], "train.csv does not exist"),
        (["sweep", "hill.yaml", "--resume", "exp001"], "goes on with the search that exp001 has; drop SEARCH"),
        (["sweep", "--resume", "exp001", "--seed", "3"], "drop --seed"),
        (["sweep", "--resume", "exp001"], "no experiments here"),
        (["sweep", "hill.yaml", "--from", "exp001"], "no experiments here"),
        (["show", "exp001"], "no experiments here"),
        (["steps", "exp001/t000"], "no experiments here"),
        (["diary"], "no diary yet"),
        (["new", "search", "Bad-Name"], "use lower-case letters"),
        (["new", "search", "mine", "--trainer", "nope"], "unknown trainer 'nope'"),
        (["new", "trainer", "mine"], "run this in the project's own folder"),
    ],
)
def test_one_line_says_what_is_wrong(cockpit, nothing_made, words, says):
    if words[1:2] == ["hill.yaml"] and "--epochs" in words:
        says = "not a number from 0 up"
    assert says in cockpit(*words).complaint


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        ("replay", "exp001: a replay trains nothing, so there is nothing to go on with"),
        ("blend", "exp001: a blend trains nothing, so there is nothing to go on with; `cockpit blend` makes a new one"),
        ("import", "exp001: it ran elsewhere, so it cannot go on here; `cockpit import` of its source once more"),
    ],
)
def test_what_was_not_trained_here_cannot_go_on(cockpit, folder, engine, says):
    Recorder(folder / "logs", engine=engine).trial(0, [0.5]).end("interrupted")
    assert says in cockpit("sweep", "--resume", "exp001").complaint


def search_with(**changes):
    """The hill with some of its lines changed or, for None, left out."""
    lines = []
    for line in HILL.splitlines():
        key = line.partition(":")[0]
        new = changes.get(key, line)
        lines += [] if new is None else [new if new == line else f"{key}: {new}"]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (search_with(parameters="{x: {min: 1.0, max: -1.0}}", baseline=None), ":7: parameters.x", "max"),
        (search_with(metric="{name: accuracy, goal: maximize}"), ":6: metric.name", "toy does not report accuracy"),
        (search_with(metric="{name: score, goal: minimize}"), ":6: metric.goal", "better when higher"),
        (search_with(trainer="toys"), ":3: trainer", "did you mean toy"),
        (search_with(parameters="{z: {min: 0, max: 1}}", baseline=None), ":7: parameters.z", "no such parameter"),
        (search_with(run_cap="0"), ":10: run_cap", "below 1"),
        (search_with(method="guess"), ":5: method", "allowed"),
        (search_with(parameters=None, baseline=None), "parameters", "missing"),
        (search_with(colour="red") + "\ncolour: red", "colour", "allowed"),
        ("name: [unclosed\nmethod: bayes\n", "broken.yaml:", ""),
        ("name: a\n\tmethod: bayes\n", "broken.yaml:2", ""),
        ("just words", "broken.yaml", ""),
        ("", "broken.yaml", ""),
        ("a: &a [*a]\n", "broken.yaml", ""),
        ("\x1b]0;title\x07: 1\n", "broken.yaml", ""),
    ],
)
def test_a_malformed_search_is_blamed_at_its_line(cockpit, folder, nothing_made, text, place, says):
    (folder / "broken.yaml").write_text(text)
    complaint = cockpit("sweep", "broken.yaml").complaint
    assert complaint.startswith("cockpit: broken.yaml")
    assert place in complaint
    assert says in complaint
    assert complaint.isprintable()


def test_a_search_that_is_no_text_is_one_line(cockpit, folder, nothing_made):
    (folder / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8 text" in cockpit("sweep", "binary.yaml").complaint


@pytest.mark.parametrize("words", [["sweep", "hill.yaml"], ["sweep", "hill.yaml", "--detach"]])
def test_a_file_in_place_of_the_logs_folder_is_one_line(cockpit, folder, monkeypatch, words):
    (folder / "taken").write_text("mine")
    monkeypatch.setattr("sys.argv", ["cockpit", *words, "--logs", "taken"])
    complaint = cockpit(*words, "--logs", "taken").complaint
    assert complaint == (
        "cockpit: taken: cannot write the logs folder (a file is in its place); choose another with --logs DIR"
    )
    assert (folder / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "exp999"], "exp999: no such experiment in logs; the newest is exp001"),
        (["show", "exp001/t999"], "no such trial in exp001; it has t000 to t000"),
        (["steps", "exp001"], "not a trial; write it as exp001/t000"),
        (["grads", "exp001/x"], "no such trial"),
        (["steps", "exp001/t000", "--last", "0"], "0 is not in the range"),
        (["steps", "exp001/t000", "--format", "xml"], "'xml' is not one of"),
        (["diary", "exp999"], "no such experiment"),
        (["diary", "exp001"], "no diary yet"),
        (["reindex", "exp999"], "no such experiment"),
        (["show", "\x1b[31mexp\x1b[0m"], "cockpit: exp: no such experiment"),
    ],
)
def test_names_that_are_not_there(cockpit, folder, words, says):
    Recorder(folder / "logs").trial(0, [0.5]).end()
    assert says in cockpit(*words).complaint


def postings(folder, rows=6):
    """A data folder as the matching trainer reads it."""
    data = folder / "data"
    (data / "train_images").mkdir(parents=True)
    lines = []
    for row in range(rows):
        Image.new("RGB", (16, 16), (row * 20, 0, 0)).save(data / "train_images" / f"{row}.jpg")
        lines.append(f"p{row},{row}.jpg,0,red shoe {row},{row // 2}\n")
    (data / "train.csv").write_text(HEADER + "".join(lines))
    return data


@pytest.fixture
def data(folder):
    return postings(folder, rows=160)


def test_good_data_passes(cockpit, data):
    assert cockpit("sweep", "arcface", "--data", data, "--dry-run").code == 0


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda data: (data / "train.csv").unlink(), "train.csv does not exist"),
        (lambda data: (data / "train.csv").write_text("a,b\n1,2\n"), "has no column"),
        (lambda data: (data / "train.csv").write_text(HEADER), "has a header and no rows"),
        (lambda data: (data / "train.csv").write_text(""), "cannot be read as a CSV file"),
        (lambda data: (data / "train.csv").write_bytes(HEADER.encode() + b"\xff,,,,"), "cannot be read as a CSV file"),
        (lambda data: (data / "train_images" / "3.jpg").unlink(), "1 of 160 images in"),
        (lambda data: (data / "train_images" / "3.jpg").write_text("no image"), "not images that can be read: 3.jpg"),
        (
            lambda data: os.truncate(
                data / "train_images" / "3.jpg", (data / "train_images" / "3.jpg").stat().st_size - 9
            ),
            "damaged or cut short: 3.jpg",
        ),
    ],
    ids=["no table", "no column", "no rows", "empty", "not UTF-8", "image missing", "no image", "image cut short"],
)
def test_data_that_cannot_be_used_is_one_line(cockpit, data, nothing_made, harm, says):
    harm(data)
    assert says in cockpit("sweep", "arcface", "--data", data).complaint


def test_real_processes_answer_like_functions(answer, folder):
    for words in (["fly"], ["sweep", "nope"], ["show", "exp001"], ["sweep", "hill.yaml", "--set", "nonsense"]):
        assert answer(*words).complaint
    assert not (folder / "logs").exists()
