"""A program that submits and pushes in processes of its own, which the tests kill; see `test_kaggle_crashes`.

Everything is loaded once and forked for each order, helper included, so that hundreds of crashes take seconds.
Orders come as JSON lines: the answer to each is a line with the ids of both processes, and after `go` one with how the
submission ended.
"""

import json
import os
import signal
import sys
from pathlib import Path

import kaggle  # noqa: F401 - loaded once, for all forked helpers

from cockpit.kaggle import helper, intents
from cockpit.kaggle.bundle import Bundle
from cockpit.kaggle.client import Client
from cockpit.kaggle.errors import KaggleError
from cockpit.kaggle.intents import Ledger, Settling, intent
from cockpit.kaggle.process import Helper
from cockpit.kaggle.pushing import Plan, push
from cockpit.kaggle.retries import Retries
from cockpit.kaggle.scoring import refresh, submitted
from cockpit.kaggle.stopping import ask_to_stop, control_of
from cockpit.kaggle.submitting import FromFile, submit


class Forked:
    """A helper that was forked, in the guise of a `Popen`."""

    def __init__(self, stderr):
        request, self.stdin = pipe()
        self.stdout, answer = pipe()
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            os.dup2(stderr.fileno(), 2)
            os.dup2(2, 1)
            close_all_but({request.fileno(), answer.fileno(), stderr.fileno()})
            helper.serve(request, helper.Answers(answer))
            os._exit(0)
        request.close()
        answer.close()

    def poll(self):
        return os.waitpid(self.pid, os.WNOHANG)[0] or None

    def wait(self):
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass


def close_all_but(kept):
    """As a program that is started has them: the lock of a ledger is not to live on in a helper."""
    for number in range(3, 256):
        if number not in kept:
            try:
                os.close(number)
            except OSError:
                pass


def pipe():
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")


def cut_ledger(phase, when):
    """The process kills itself right before or right after the line of this phase."""
    write = Ledger.write

    def cut(self, made, written, **result):
        if (phase, when) == (written, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        done = write(self, made, written, **result)
        if (phase, when) == (written, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    intents.Ledger.write = cut


def work(order, told, go):
    """One submission, with its score."""
    logs = Path(order["logs"])
    if order.get("cut"):
        cut_ledger(*order["cut"])
    with Client(Helper(Forked), Retries(1)) as client:
        assert client.user
        told.write(f"{client._helper._process.pid}\n".encode())
        told.flush()
        go.readline()
        settling = Settling(order["settle"], 0.05)
        {"submit": do_submit, "push": do_push, "listening": do_push, "stop": do_stop}[order["do"]](
            client, order, logs, settling
        )


def do_submit(client, order, logs, settling):
    source, ledger = FromFile(Path(order["file"])), Ledger(logs)
    options = {"experiment": "exp001", "trial": "t001", "settling": settling}
    submit(client, ledger, "titanic", source, "by a test", **options)
    if order["scores"]:
        refresh(client, logs, submitted(ledger))


def do_push(client, order, logs, settling):
    """Pushes what `file` holds, in the place of all the code; a listening run needs the control dataset."""
    file = Path(order["file"])
    bundle = Bundle(file.read_text().strip(), "pushed/s.yaml", (file,), ())
    made = intent("push", "alice", bundle.digest)
    body = {"slug": f"alice/cockpit-{made.id}", "text": "", "datasetDataSources": [f"alice/{bundle.slug}"]}
    control = control_of("alice") if order["do"] == "listening" else ""
    planned = Plan(bundle, f"alice/{bundle.slug}", f"alice/cockpit-{made.id}", made, body, control=control)
    push(client, Ledger(logs), planned, 0.0, settling)


def do_stop(client, order, logs, settling):
    """Asks the kernel that `file` names to stop."""
    ask_to_stop(client, Ledger(logs), Path(order["file"]).read_text().strip(), 0.0, settling)


def main():
    for line in sys.stdin:
        order = json.loads(line)
        hearing, told = pipe()
        go, going = pipe()
        pid = os.fork()
        if not pid:
            try:
                work(order, told, go)
                os._exit(0)
            except KaggleError as error:
                print(json.dumps({"error": str(error)}), file=sys.stderr, flush=True)
                os._exit(3)
            finally:
                os._exit(4)
        told.close()
        go.close()
        owner = hearing.readline().strip()
        print(json.dumps({"pid": pid, "helper": int(owner or 0)}), flush=True)
        sys.stdin.readline()
        try:
            going.write(b"go\n")
            going.close()
        except OSError:
            pass  # it did not live to hear it
        status = os.waitpid(pid, 0)[1]
        hearing.close()
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
