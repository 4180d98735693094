"""The process that owns Kaggle's client: it takes requests and gives answers as JSON lines over pipes.

The client prints, asks the network and may end the program already when it is imported, and it has no time-outs; so
it lives here, where its parent can end it. Answers are handed on as they came, beside what the client makes of them:
a word that is new to the client is an error to it, and must not be one to us.

A request is `{"id": 1, "call": "list_submissions", "body": {…}}`; the answers to it are any number of
`{"id": 1, "event": …}` and one `{"id": 1, "answer": …}` or `{"id": 1, "error": {"kind", "message", "retry_after"}}`.
The first line of all has the id 0 and says who is logged in.
"""

from __future__ import annotations

import inspect
import json
import os
import queue
import threading
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from operator import attrgetter
from time import time
from typing import Any, BinaryIO

from cockpit.kaggle.errors import kind_of_status

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
UPLOAD_ATTEMPTS = 4
HOMES = {
    "create_submission": "competitions.competition_api_client",
    "create_code_submission": "competitions.competition_api_client",
    "download_data_file": "competitions.competition_api_client",
    "download_data_files": "competitions.competition_api_client",
    "get_leaderboard": "competitions.competition_api_client",
    "get_submission_limits": "competitions.competition_api_client",
    "list_data_files": "competitions.competition_api_client",
    "list_submissions": "competitions.competition_api_client",
    "start_submission_upload": "competitions.competition_api_client",
    "start_blob_upload": "blobs.blob_api_client",
    "create_dataset": "datasets.dataset_api_client",
    "create_dataset_version": "datasets.dataset_api_client",
    "get_dataset": "datasets.dataset_api_client",
    "get_dataset_status": "datasets.dataset_api_client",
    "cancel_kernel_session": "kernels.kernels_api_client",
    "get_accelerator_quota_statistics": "kernels.kernels_api_client",
    "get_kernel": "kernels.kernels_api_client",
    "get_kernel_session_status": "kernels.kernels_api_client",
    "list_kernel_session_output": "kernels.kernels_api_client",
    "save_kernel": "kernels.kernels_api_client",
}
Tell = Callable[[Any], None]


class TroubleError(Exception):
    """An error that has its kind already."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Desk:
    """Does what requests ask, with the client that is logged in, and a session without a login for plain files."""

    def __init__(self, api: Any, files: Any) -> None:
        self._api = api
        self._last: Any = None
        self._files = files
        values = api.config_values
        self._client = api.build_kaggle_client_with_params(
            api.args,
            username=values.get(api.CONFIG_NAME_USER),
            password=values.get(api.CONFIG_NAME_KEY),
            api_token=values.get(api.CONFIG_NAME_TOKEN),
            response_processor=self._keep,
        )

    def _keep(self, response: Any) -> None:
        self._last = response

    def answer(self, call: str, body: Mapping[str, Any], tell: Tell) -> Any:
        own: dict[str, Callable[..., Any]] = {
            "upload": self._upload,
            "download": self._download,
            "fetch": self._fetch,
            "follow": self._follow,
        }
        return own[call](tell, **body) if call in own else self._call(call, body)

    def _call(self, call: str, body: Mapping[str, Any]) -> Any:
        """The document that the service answered, whatever the client makes of it."""
        self._last = None
        try:
            self._send(call, body)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            if self._last is None:
                raise
            said = _document(self._last)
            if said is None:
                raise TroubleError("garbled", f"Kaggle's answer to {call} is no JSON") from error
        return _document(self._last)

    def _send(self, call: str, body: Mapping[str, Any]) -> Any:
        method = getattr(attrgetter(HOMES[call])(self._client), call)
        message = inspect.signature(method).parameters["request"].annotation
        return method(message.from_dict(dict(body)))

    def _upload(self, tell: Tell, path: str, url: str) -> dict[str, Any]:
        """One file to the address that an upload was given; goes on where it broke off."""
        from kaggle.api.kaggle_api_extended import ResumableUploadResult

        for attempt in range(UPLOAD_ATTEMPTS):
            result = self._api.upload_complete(path, url, True, resume=attempt > 0)
            if result != ResumableUploadResult.INCOMPLETE:
                break
            tell({"again": attempt + 1})
        if result != ResumableUploadResult.COMPLETE:
            raise TroubleError("service", f"{path} could not be uploaded")
        return {"bytes": os.path.getsize(path)}  # noqa: PTH202 - a string as it came

    def _download(self, tell: Tell, call: str, request: Mapping[str, Any], path: str) -> dict[str, Any]:
        from cockpit.kaggle.transfer import fetch

        return fetch(self._send(call, request), path, tell)

    def _fetch(self, tell: Tell, url: str, path: str, most: int | None = None) -> dict[str, Any]:
        """A file that the service gave a plain address of."""
        from cockpit.kaggle.transfer import fetch

        response = self._files.get(url, stream=True)
        response.raise_for_status()
        return fetch(response, path, tell, most)

    def _follow(self, tell: Tell, kernel: str, skip: int) -> dict[str, Any]:
        """A kernel's log from its event number `skip` on; the service begins at the first one each time."""
        number = -1
        for number, event in enumerate(self._api.kernels_logs_stream(kernel)):
            if number >= skip:
                tell(event)
        return {"events": number + 1}


def _document(response: Any) -> Any:
    try:
        return json.loads(response.text)
    except ValueError:
        return None


def as_error(error: BaseException) -> dict[str, Any]:
    """What a request failed of, as the parent reads it."""
    import requests

    from cockpit.kaggle.transfer import TooLargeError

    known = requests.exceptions
    if isinstance(error, TooLargeError):
        return {"kind": "oversize", "message": str(error)}
    if isinstance(error, TroubleError):
        return {"kind": error.kind, "message": str(error)}
    if isinstance(error, known.HTTPError) and error.response is not None:
        return _as_refusal(error)
    if isinstance(error, known.Timeout):
        return {"kind": "late", "message": f"Kaggle did not answer within {READ_SECONDS:g} s"}
    if isinstance(error, known.JSONDecodeError | known.InvalidJSONError | known.ContentDecodingError):
        return {"kind": "garbled", "message": "Kaggle's answer is no JSON"}
    if isinstance(error, known.RequestException):
        return {"kind": "unreachable", "message": f"the connection to Kaggle broke ({type(error).__name__})"}
    if isinstance(error, OSError):
        return {"kind": "file", "message": f"{error.filename or 'a file'}: {error.strerror or error}"}
    return {"kind": "client", "message": f"Kaggle's client: {type(error).__name__}: {error}"}


def _as_refusal(error: Any) -> dict[str, Any]:
    said = _document(error.response)
    code = said.get("code") if isinstance(said, dict) else None
    status = code if isinstance(code, int) and code >= 400 else error.response.status_code
    message = (said.get("message") if isinstance(said, dict) else "") or error.response.reason or "no reason"
    retry_after = seconds_until(error.response.headers.get("Retry-After"))
    return {"kind": kind_of_status(status), "message": f"Kaggle: {status}: {message}", "retry_after": retry_after}


def seconds_until(text: str | None) -> float | None:
    """What `Retry-After` says, a number of seconds or a date, as seconds from now; None for neither."""
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (ValueError, TypeError):
        return None


def limit_waiting() -> None:
    """Give every request of this process a time-out; neither Kaggle's client nor its parts have one."""
    import requests

    send = requests.Session.send

    def limited(self: Any, request: Any, **options: Any) -> Any:
        if options.get("timeout") is None:
            options["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        return send(self, request, **options)

    requests.Session.send = limited  # type: ignore[method-assign]


def log_in() -> Any:
    """Kaggle's client with the user's credentials, wherever it finds them."""
    try:
        import kaggle
    except SystemExit:
        raise TroubleError("login", NO_LOGIN) from None
    if not kaggle.api.config_values.get(kaggle.api.CONFIG_NAME_AUTH_METHOD):
        kaggle.api.authenticate()  # again, for the reason that importing it keeps to itself
    return kaggle.api


NO_LOGIN = "not logged in at Kaggle; run `kaggle auth login`, or put a token into ~/.kaggle/access_token"


class Answers:
    """Lines to the parent; the true standard output, which the client cannot reach."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def tell(self, number: int, event: Any) -> None:
        self.write(number, event=event)

    def write(self, number: int, **said: Any) -> None:
        self._stream.write(json.dumps({"id": number, **said}).encode() + b"\n")
        self._stream.flush()


def serve(asked: BinaryIO, answers: Answers) -> None:
    """Log in, then answer requests until there are no more. Ends this process when the parent is gone."""
    waiting: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(asked, waiting), daemon=True).start()
    try:
        import requests

        limit_waiting()
        api = log_in()
        desk = Desk(api, requests.Session())
    except SystemExit:
        answers.write(0, error={"kind": "login", "message": NO_LOGIN})
        return
    except Exception as error:
        answers.write(0, error=as_error(error))
        return
    answers.write(0, answer={"user": str(api.config_values.get(api.CONFIG_NAME_USER) or "")})
    while True:
        request = json.loads(waiting.get())
        number = request["id"]
        try:
            answer = desk.answer(request["call"], request["body"], partial(answers.tell, number))
        except (Exception, SystemExit) as error:
            answers.write(number, error=as_error(error))
        else:
            answers.write(number, answer=answer)


def _listen(requests: BinaryIO, waiting: queue.Queue[bytes]) -> None:
    """A call that hangs must not keep this process alive after its parent."""
    for line in requests:
        waiting.put(line)
    os._exit(0)


def main() -> None:
    """Keep both pipes to ourselves: the client prints, and its `exit` closes the standard input first."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    serve(requests, Answers(answers))


if __name__ == "__main__":
    main()
