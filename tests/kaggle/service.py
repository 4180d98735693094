"""A stand-in for Kaggle's service on loopback, to which the real client talks; see `environment`.

Paths, messages and their fields are those that the client was seen to send and that its message classes know: calls are
`POST /api/v1/<service>/<Method>` with JSON, fields that have their default value are left out of answers, files lie
behind plain addresses. What the account has is in `account`; `Fault` says what may go wrong on the way.
"""

import base64
import json
import os
import socket
import struct
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from account import KEY, TOKEN, USER, Account, ProblemError

GUARD = Path(__file__).parent / "guard"
HTML = b"<!doctype html><html><body>Sorry, we are down for maintenance</body></html>"


@dataclass
class Fault:
    """What happens to the next `times` requests of `call`: a method's name, or the beginning of a path.

    `kind` is `hang`, `reset`, `half`, `html` or a status. With `after`, the call is done before its answer is lost.
    """

    call: str
    kind: object
    times: int = 1
    after: bool = False
    headers: dict = field(default_factory=dict)
    body: dict = field(default_factory=dict)


class Service:
    """The server, its account, and the faults that wait for their requests."""

    def __init__(self):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.service = self
        self.lock = threading.RLock()
        self.busy = 0  # requests that are being answered
        self.reset()
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def reset(self):
        """An account as at first, and no faults; whatever hangs is let go."""
        with self.lock:
            if hasattr(self, "released"):
                self.released.set()
            self.released = threading.Event()
            self.account = Account()
            self.faults = []
            self.calls = []
            self.answered = []  # calls and their answers, where those are objects
            self.watchers = []

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def environment(self, home, login="key"):
        """Variables with which the client comes here, with an empty home, and everything else is out of reach.

        `login` is `key`, `token` or `none`.
        """
        Path(home).mkdir(parents=True, exist_ok=True)
        own = {"key": {"KAGGLE_USERNAME": USER, "KAGGLE_KEY": KEY}, "token": {"KAGGLE_API_TOKEN": TOKEN}, "none": {}}
        return {
            "HOME": str(home),
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "http_proxy": f"http://127.0.0.1:{self.server.server_port}",
            # Whatever would go to the true service, over TLS, meets a closed port.
            "https_proxy": "http://127.0.0.1:1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH")])),
            "KAGGLE_GUARD": str(Path(home) / "connections.log"),
            **own[login],
        }

    def fault(self, call, kind, times=1, *, after=False, headers=None, **body):
        with self.lock:
            self.faults.append(Fault(call, kind, times, after, headers or {}, body))

    def watch(self, watcher):
        """Calls `watcher(call, moment)` around every request, `moment` being `before`, `done` or `answered`."""
        self.watchers.append(watcher)

    def count(self, call):
        """How many requests of a call came in."""
        return sum(name == call for name, _ in self.calls)

    def asked(self, call):
        """The bodies of a call's requests."""
        return [body for name, body in self.calls if name == call]

    def tell(self, call, moment):
        for watcher in list(self.watchers):
            watcher(call, moment)

    def due(self, call, after):
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.after == after and call.startswith(fault.call):
                    fault.times -= 1
                    return fault
        return None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Whoever asked is gone, as many are here: nothing to tell of."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    @property
    def service(self):
        return self.server.service

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        # To a proxy the client sends the head, and the body when that was acknowledged; so it is, without a delay.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        super().handle_one_request()

    def do_POST(self):
        body = json.loads(self._body() or b"{}")
        call = urlsplit(self.path).path.rpartition("/")[2]
        self._serve(call, body, lambda: self._call(call, body))

    def do_PUT(self):
        data, path = self._body(), urlsplit(self.path).path
        self._serve(path, None, lambda: self.service.account.put(path, data, self.headers.get("Content-Range")))

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/v1/kernels/logs/stream/"):
            self._serve("logs", None, lambda: self._stream(path))
        else:
            self._serve(path, None, lambda: self.service.account.get(path, self.headers))

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _call(self, call, body):
        given = self.headers.get("Authorization", "")
        basic = "Basic " + base64.b64encode(f"{USER}:{KEY}".encode()).decode()
        if call != "IntrospectToken" and given not in (basic, f"Bearer {TOKEN}"):
            raise ProblemError(401, "Unauthenticated")
        with self.service.lock:
            answer = self.service.account.answer(call, body)
            if isinstance(answer, dict):
                self.service.answered.append((call, json.loads(json.dumps(answer))))
            return answer

    def _serve(self, call, body, work):
        with self.service.lock:
            self.service.busy += 1
        try:
            self._do(call, body, work)
        finally:
            with self.service.lock:
                self.service.busy -= 1

    def _do(self, call, body, work):
        service = self.service
        with service.lock:
            service.calls.append((call, body))
        service.tell(call, "before")
        fault = service.due(call, after=False)
        if fault is None:
            try:
                answer = work()
            except ProblemError as problem:
                answer = (problem.status, {}, {"code": problem.status, "message": problem.message})
            service.tell(call, "done")
            fault = service.due(call, after=True)
        if fault is None:
            self._answer(answer)
        else:
            self._fail(fault, None if not fault.after else answer)
        service.tell(call, "answered")

    def _answer(self, answer):
        if answer is None:
            return
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        if isinstance(body, dict | list):
            headers, body = {"Content-Type": "application/json", **headers}, json.dumps(body).encode()
        self._send(status, headers, body, len(body))

    def _send(self, status, headers, body, length):
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(length), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # whoever asked is gone

    def _fail(self, fault, answer):
        if fault.kind == "hang":
            self.service.released.wait(60)
            self.close_connection = True
        elif fault.kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            self.rfile.close()
        elif fault.kind == "half":
            said = (
                answer if isinstance(answer, tuple) else (200, {"Content-Type": "application/json"}, answer or {"a": 1})
            )
            status, headers, body = said
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            self._send(status, headers, body[: len(body) // 2], len(body))
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault.kind == "html":
            self._send(200, {"Content-Type": "text/html"}, HTML, len(HTML))
        else:
            said = fault.body or {"code": fault.kind, "message": f"trouble {fault.kind}"}
            body = json.dumps(said).encode()
            self._send(fault.kind, {"Content-Type": "application/json", **fault.headers}, body, len(body))

    def _stream(self, path):
        """The log: server-sent events while the session runs, all of it as one list afterwards."""
        kernel = self.service.account.kernel(path.removeprefix("/api/v1/kernels/logs/stream/"))
        if kernel.status in ("COMPLETE", "ERROR"):
            return kernel.log
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        cut = kernel.cuts.pop(0) if kernel.cuts else len(kernel.log)
        try:
            for event in kernel.log[:cut]:
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            if cut == len(kernel.log):
                self.wfile.write(b"data: END_OF_LOG\n\n")
                kernel.status = "COMPLETE"
        except OSError:
            pass
        return None
