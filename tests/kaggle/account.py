"""What a Kaggle account holds in the stand-in for the service, and how it answers each call."""

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime

USER, KEY, TOKEN = "alice", "0123456789abcdef0123456789abcdef", "KGAT_0123456789abcdef0123456789abcdef"
HOST = "http://localhost"
PAGE = 20


class ProblemError(Exception):
    """An answer with a status of 400 or more."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Dataset:
    """Its files as of the newest version; every look at its status brings it closer to being ready."""

    title: str
    private: bool
    files: dict
    notes: list
    looks_left: int = 1
    failing: bool = False


@dataclass
class Kernel:
    """`cuts` are numbers of log events after which the stream breaks off, one for each connection."""

    body: dict
    version: int = 1
    status: str = "QUEUED"
    failure: str = ""
    log: list = field(default_factory=list)
    cuts: list = field(default_factory=list)
    files: dict = field(default_factory=dict)
    session: int = 5


@dataclass
class Competition:
    """Its files by name, and what was submitted, oldest first. A submission is scored after `looks_left` listings."""

    files: dict = field(default_factory=dict)
    submissions: list = field(default_factory=list)
    scores: list = field(default_factory=list)
    private: str = ""
    looks_left: int = 1
    allowed: int = 5
    leaders: list = field(default_factory=list)
    hidden: int = 0
    packed: set = field(default_factory=set)


class Account:
    """All state of one user."""

    def __init__(self):
        self.datasets, self.kernels, self.competitions = {}, {}, {}
        self.uploads = {}
        self.dataset_looks = 1  # at the state of a new version, before it is ready
        self.quota = {
            "quotaRefreshTime": "2026-12-05T00:00:00Z",
            "gpuQuota": {"timeUsed": "5400s", "totalTimeAllowed": "108000s", "hasEverRun": True},
            "tpuQuota": {"totalTimeAllowed": "72000.500s"},
        }
        self.invalid, self.push_error, self.create_error = {}, "", ""

    def answer(self, call, body):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", call).lower()
        handler = getattr(self, f"_{name}", None)
        if handler is None:
            raise ProblemError(404, f"no such call: {call}")
        return handler(body)

    def competition(self, name):
        if name not in self.competitions:
            raise ProblemError(404, "Not found")
        return self.competitions[name]

    def kernel(self, ref):
        if ref not in self.kernels:
            raise ProblemError(404, "Not found")
        return self.kernels[ref]

    # Users, quota

    def _introspect_token(self, body):
        return {"active": True, "username": USER, "userId": 1} if body["token"] == TOKEN else {}

    def _get_accelerator_quota_statistics(self, _):
        return self.quota

    # Uploads and files

    def _start(self, body):
        token = f"tok{len(self.uploads) + 1}"
        self.uploads[token] = {"name": body.get("name") or body.get("fileName"), "size": body["contentLength"]}
        return {"token": token, "createUrl": f"{HOST}/upload/{token}"}

    _start_blob_upload = _start_submission_upload = _start

    def put(self, path, data, content_range):
        upload = self.uploads[path.rpartition("/")[2]]
        if content_range and content_range.startswith("bytes */"):
            kept = len(upload.get("data", b""))
            return (308, {"Range": f"bytes=0-{kept - 1}"} if kept else {}, b"")
        start = int(content_range.split()[1].split("-")[0]) if content_range else 0
        upload["data"] = upload.get("data", b"")[:start] + data
        return (200 if len(upload["data"]) == upload["size"] else 400, {}, b"")

    def _uploaded(self, token):
        upload = self.uploads.get(token)
        if upload is None or len(upload.get("data", b"")) != upload["size"]:
            raise ProblemError(400, "The file was not uploaded")
        return upload

    def get(self, path, headers):
        """A plain file, or the part of it that is asked for."""
        _, kind, owner, name = path.split("/", 3)
        if kind == "all":
            return self._part(self._bundle(self.competitions[owner].files), headers)
        home = self.competitions[owner].files if kind == "competition" else self.kernels[owner.replace("~", "/")].files
        if kind == "competition" and name.removesuffix(".zip") in self.competitions[owner].packed:
            plain = name.removesuffix(".zip")
            return self._part(self._bundle({plain: home[plain]}), headers)
        return self._part(home[name], headers) if name in home else (404, {}, {"code": 404, "message": "gone"})

    def _part(self, data, headers):
        tag = f'"{len(data)}-{sum(data) % 99991}"'
        known = {"ETag": tag, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        wanted = re.fullmatch(r"bytes=(\d+)-", headers.get("Range") or "")
        if not wanted or headers.get("If-Range", tag) != tag:
            return (200, known, data)
        start = int(wanted[1])
        span = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        return (206, known | span, data[start:])

    def _bundle(self, files):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        return packed.getvalue()

    # Datasets

    def _get_dataset_status(self, body):
        dataset = self._dataset(body)
        dataset.looks_left -= 1
        if dataset.looks_left >= 0:
            return {"status": "BLOBS_RECEIVED"}
        return {"status": "FAILED" if dataset.failing else "READY"}

    def _get_dataset(self, body):
        dataset = self._dataset(body)
        ref = f"{body['ownerSlug']}/{body['datasetSlug']}"
        versions = [{"versionNumber": n, "versionNotes": note} for n, note in enumerate(dataset.notes, start=1)]
        return {"ref": ref, "title": dataset.title, "currentVersionNumber": len(versions), "versions": versions[::-1]}

    def _dataset(self, body):
        ref = f"{body['ownerSlug']}/{body['datasetSlug']}"
        if ref not in self.datasets:
            raise ProblemError(404, "Not found")
        return self.datasets[ref]

    def _create_dataset(self, body):
        ref = f"{body['ownerSlug']}/{body['slug']}"
        if self.create_error:
            return {"status": "error", "error": self.create_error}
        if ref in self.datasets:
            return {"status": "error", "error": f'The requested title "{body["title"]}" is already in use'}
        note = body.get("description", "")
        self.datasets[ref] = Dataset(
            body["title"], body["isPrivate"], self._files(body), [note], looks_left=self.dataset_looks
        )
        return {"ref": ref, "url": f"{HOST}/datasets/{ref}", "status": "ok"}

    def _create_dataset_version(self, body):
        dataset, ref = self._dataset(body), f"{body['ownerSlug']}/{body['datasetSlug']}"
        dataset.files = self._files(body["body"])
        dataset.notes.append(body["body"]["versionNotes"])
        dataset.looks_left = self.dataset_looks
        return {"ref": ref, "url": f"{HOST}/datasets/{ref}", "status": "ok"}

    def _files(self, body):
        uploads = [self._uploaded(file["token"]) for file in body["files"]]
        return {upload["name"]: upload["data"] for upload in uploads}

    # Competitions

    def _list_data_files(self, body):
        names = sorted(self.competition(body["competitionName"]).files.items())
        first, size = int(body.get("pageToken") or 0), body.get("pageSize") or PAGE
        page = [{"name": name, "totalBytes": len(data)} for name, data in names[first : first + size]]
        more = {"nextPageToken": str(first + size)} if first + size < len(names) else {}
        return {"files": page, **more}

    def _download_data_file(self, body):
        name = body["fileName"]
        packed = ".zip" if name in self.competition(body["competitionName"]).packed else ""
        return (302, {"Location": f"{HOST}/competition/{body['competitionName']}/{name}{packed}"}, b"")

    def _download_data_files(self, body):
        self.competition(body["competitionName"])
        return (302, {"Location": f"{HOST}/all/{body['competitionName']}/archive.zip"}, b"")

    def _get_submission_limits(self, body):
        competition = self.competition(body["competitionName"])
        used = len(competition.submissions)
        counts = {"numToday": used, "numTotal": used, "numAllowedNow": max(0, competition.allowed - used)}
        return {key: value for key, value in counts.items() if value}

    def _create_submission(self, body):
        competition = self.competition(body["competitionName"])
        upload = self._uploaded(body["blobFileTokens"])
        return self._submit(competition, upload["name"], body)

    def _create_code_submission(self, body):
        competition = self.competition(body["competitionName"])
        kernel = self.kernel(f"{body['kernelOwner']}/{body['kernelSlug']}")
        if body["fileName"] not in kernel.files:
            raise ProblemError(400, f"The notebook has no output {body['fileName']}")
        return self._submit(competition, body["fileName"], body)

    def _submit(self, competition, name, body):
        if len(competition.submissions) >= competition.allowed:
            raise ProblemError(400, "You have used all of your submissions today")
        ref = 1000 + len(competition.submissions)
        competition.submissions.append(
            {
                "ref": ref,
                "fileName": name,
                "description": body.get("submissionDescription", ""),
                "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "looks_left": competition.looks_left,
            }
        )
        return {"message": "Successfully submitted", "ref": ref}

    def _list_submissions(self, body):
        competition = self.competition(body["competitionName"])
        if competition.hidden:  # a list that is behind
            competition.hidden -= 1
            return {}
        for number, submission in enumerate(competition.submissions):
            submission["looks_left"] -= 1
            if submission["looks_left"] < 0 and "status" not in submission:
                score = competition.scores[number] if number < len(competition.scores) else "0.75"
                submission |= {"status": "COMPLETE", "publicScore": score}
            if competition.private:
                submission["privateScore"] = competition.private
        shown = [{k: v for k, v in one.items() if k != "looks_left"} for one in reversed(competition.submissions)]
        first, size = int(body.get("pageToken") or 0), body.get("pageSize") or PAGE
        more = {"nextPageToken": str(first + size)} if first + size < len(shown) else {}
        return {"submissions": shown[first : first + size], **more}

    def _get_leaderboard(self, body):
        leaders = self.competition(body["competitionName"]).leaders
        rows = [{"teamId": n, "teamName": team, "score": score} for n, (team, score) in enumerate(leaders, start=1)]
        first, size = int(body.get("pageToken") or 0), body.get("pageSize") or PAGE
        more = {"nextPageToken": str(first + size)} if first + size < len(rows) else {}
        return {"submissions": rows[first : first + size], **more}

    # Kernels

    def _save_kernel(self, body):
        if self.push_error:
            return {"error": self.push_error}
        ref = body["slug"]
        known = self.kernels.get(ref)
        self.kernels[ref] = Kernel(body, (known.version if known else 0) + 1)
        made = {"ref": f"/code/{ref}", "url": f"{HOST}/code/{ref}", "versionNumber": self.kernels[ref].version}
        return {**made, "kernelId": 77, **self.invalid}

    def _get_kernel(self, body):
        kernel = self.kernel(f"{body['userName']}/{body['kernelSlug']}")
        return {"metadata": {"currentVersionNumber": kernel.version, "slug": body["kernelSlug"]}}

    def _get_kernel_session_status(self, body):
        kernel = self.kernel(f"{body['userName']}/{body['kernelSlug']}")
        said = {"status": kernel.status} if kernel.status != "QUEUED" else {}
        return {**said, **({"failureMessage": kernel.failure} if kernel.failure else {})}

    def _list_kernel_session_output(self, body):
        ref = f"{body['userName']}/{body['kernelSlug']}"
        kernel = self.kernel(ref)
        names = sorted(kernel.files)
        first, size = int(body.get("pageToken") or 0), body.get("pageSize") or PAGE
        address = f"{HOST}/output/{ref.replace('/', '~')}"
        page = [{"fileName": name, "url": f"{address}/{name}"} for name in names[first : first + size]]
        more = {"nextPageToken": str(first + size)} if first + size < len(names) else {}
        return {"files": page, "log": json.dumps(kernel.log) if kernel.log else "", **more}

    def _cancel_kernel_session(self, body):
        for kernel in self.kernels.values():
            if kernel.session == body["kernelSessionId"]:
                kernel.status = "CANCEL_ACKNOWLEDGED"
                return {}
        return {"errorMessage": "no such session"}


def table(columns, rows):
    """A CSV file's bytes."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue().encode()
