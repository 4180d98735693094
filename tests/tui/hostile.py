"""A logs folder in which every text tries to steer the terminal, to end the markup or to break the layout."""

import json
import socket

from builders import Recorder

from cockpit.events.kinds import Step
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.summary import write_summary

PAYLOAD = "UEFZTE9BRA"  # never a part of what may be seen
NUMBER = "777"  # nor is this one: it is in every cursor movement and colour that is smuggled in
TRICKS = (
    "[/bold][@click=app.bell]x[/][red",
    f"\x1b]52;c;{PAYLOAD}==\x07",
    f"\x1b]0;{PAYLOAD}\x1b\\",
    f"\x1b]8;;http://{PAYLOAD}\x1b\\o\x1b]8;;\x1b\\",
    f"\x1bP$q{PAYLOAD}\x1b\\",
    f"\x1b_{PAYLOAD}\x1b\\",
    f"\x1b[{NUMBER}m\x1b[{NUMBER};{NUMBER}H\x1b[{NUMBER}A\x1b[2J\x1b[6n\x1bc\x1b7\x1bM",
    f"\x9b{NUMBER}m\x9d52;c;{PAYLOAD}\x9c\x90q{PAYLOAD}\x9c\x85",
    "\x00\x01\x07\x08\x0b\x0c\x0e\x0f\x1a\x1b\x7f",
    "\u202etxt\u202c\u2066\u2069\u200b\u200d\u2060\ufeff\u2028\u061c",
    "z" + "\u0301" * 40,
    "漢字🙂👩\u200d👧é",
)
FORBIDDEN = "\u202e\u202c\u2066\u2069\u200b\u200d\u2060\ufeff\u2028\u061c"


def hostile(word):
    """A text that begins with `word`, which is what a person should see of it."""
    return word + "".join(TRICKS)


def hostile_logs(folder):
    """Make the logs folder, a search in `searches` and a diary; everything that can have a text has a hostile one."""
    logs = folder / "logs"
    _finished(logs)
    _running(logs)
    _from_elsewhere(logs)
    (logs / "exp004-broken").mkdir()
    (logs / "exp004-broken" / "sweep.jsonl").write_text(hostile("broken") + "\n")
    _wrong_summary(logs)
    (logs / "diary.md").write_text(_diary(), encoding="utf-8", errors="surrogatepass")
    searches = folder / "searches"
    searches.mkdir()
    search = _search()
    (searches / "hostile.yaml").write_text(json.dumps(search))
    search["parameters"][hostile("parameter")] = {"values": [hostile("value"), "b"]}
    (searches / f"zmark{TRICKS[0].replace('/', '')}\x1b[{NUMBER}m.yaml").write_text(json.dumps(search))
    return logs


def _finished(logs):
    name, value, metric = hostile("parameter"), hostile("value"), hostile("score")
    recorder = Recorder(
        logs,
        "exp001-" + hostile("finished")[:60].replace("/", "").replace("\0", ""),
        search=hostile("search"),
        question=hostile("question"),
        metric=metric,
        varied=[name],
        trainer=hostile("trainer"),
        command=hostile("command"),
    )
    recorder.trial(0, [0.1, 0.2], config={name: value}, baseline=True, metric=metric)
    for number, status in enumerate(("pruned", "stopped", "diverged", "finished"), start=1):
        writer = recorder.start(number, config={name: f"{number}{value}"})
        _fill(writer.path, metric)
        recorder.finish(number, writer, status, hostile("reason"))
    writer = recorder.start(5, config={name: value})
    recorder.finish(5, writer, "failed", hostile("why"), hostile("error"))
    _print_lines(recorder.run.trial("t001").output)
    with recorder.run.sweep.open("ab") as file:
        file.write(
            json.dumps({"kind": "answered", "command": "1", "name": hostile("n"), "text": hostile("t")}).encode()
        )
        file.write(b"\n\xff\xfe broken \xc3\x28\n")
    run = recorder.end("finished", hostile("reason"))
    with Indexer(run) as indexer:
        indexer.sync()
    write_summary(run)


def _running(logs):
    recorder = Recorder(logs, "exp002-running", question=hostile("question"), host=socket.gethostname())
    writer = recorder.start(0, baseline=True, config={"x": 0.5})
    writer.write(Step(step=1, metrics={"loss": 0.5}))


def _from_elsewhere(logs):
    """As a machine left it that checks nothing: its lines were not made by our writer."""
    run = RunFolder(logs / "exp003-elsewhere")
    run.trial("t000").path.mkdir(parents=True)
    ledger = [
        {"kind": "sweep_started", "experiment": hostile("id"), "search": hostile("search"), "host": hostile("host"),
         "question": hostile("question"), "metric": hostile("score"), "varied": [hostile("parameter")]},
        {"kind": "trial_started", "trial": "t000", "config": {hostile("parameter"): [hostile("list")]}},
        {"kind": hostile("kind"), "text": hostile("text")},
        {"kind": "trial_ended", "trial": "t000", "status": hostile("status"), "reason": hostile("reason")},
    ]  # fmt: skip
    run.sweep.write_text("".join(json.dumps(record) + "\n" for record in ledger))
    _fill(run.trial("t000").events, hostile("score"))
    _print_lines(run.trial("t000").output)


def _wrong_summary(logs):
    folder = logs / "exp005-wrong"
    folder.mkdir()
    keys = ("host", "pid", "process_started", "updated", "best", "history", "trials", "ended_trials", "question")
    wrong = {key: [hostile("wrong")] for key in keys}
    (folder / "summary.json").write_text(json.dumps({"status": hostile("status"), **wrong}))


def _fill(path, metric):
    records = []
    for step in range(1, 9):
        records.append({"kind": "step", "phase": hostile("phase"), "step": step, "loss": 1 / step, metric: step})
        group = {"param_mean": 1.0, "grad_mean": 1e9 * step, "nonfinite": 1}
        records.append({"kind": "norms", "step": step, "group": hostile("group"), **group})
    records.append({"kind": "eval", "phase": "valid", "step": 8, metric: 0.5, hostile("other"): "NaN"})
    records.append({"kind": "saved", "path": hostile("path"), "label": hostile("label"), "step": 8})
    records.append({"kind": "note", "text": hostile("note")})
    records.append({"kind": "lost", "count": 2, "reason": hostile("disk")})
    with path.open("ab") as file:
        for record in records:
            file.write(json.dumps(record).encode() + b"\n")


def _print_lines(path):
    lines = [
        hostile("printed").encode(),
        b"broken \xff\xfe \xc3\x28 \xed\xa0\x80",
        b"bar 1%\rbar 50%\rbar 100%",
        b"long " * 200_000,
    ]
    path.write_bytes(b"\n".join([*lines, *lines[:3], b"no newline \x1b]52;c;" + PAYLOAD.encode()]))


def _diary():
    words = hostile("diary")
    return (
        f"# Diary {words}\n\nBefore {words}\n\n"
        f"<!-- cockpit:begin exp001 -->\n## exp001 {words}\n\n**{words}** | `{words}` | [{words}](http://{PAYLOAD})\n\n"
        f"| a {words} | b |\n|---|---|\n| {words} | {words} |\n\n```\n{words}\n```\n\n- {words}\n\n> {words}\n"
        f"<!-- cockpit:end exp001 -->\n\n✅ {words}\n\n![{words}](file:///{PAYLOAD}) <b>{words}</b>\n"
    ).replace("\r", "")


def _search():
    return {
        "name": hostile("search"),
        "note": hostile("question"),
        "trainer": "toy",
        "engine": "local",
        "method": "random",
        "metric": {"name": "score", "goal": "maximize"},
        "parameters": {"x": {"min": -1.0, "max": 1.0}},
        "baseline": {"x": 0.0},
        "run_cap": 3,
    }
