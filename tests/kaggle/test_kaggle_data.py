"""`cockpit kaggle prepare` and `dataset`: data to here and checkpoints to there."""

import hashlib
import io
import json
import stat
import subprocess
import zipfile

import pytest
import torch
from account import Competition, Dataset
from builders import Recorder

from cockpit.events.kinds import Saved
from cockpit.events.writer import EventWriter
from cockpit.kaggle.datasets import slug_of
from cockpit.kaggle.errors import RefusedError
from cockpit.kaggle.places import inside

TOKEN = "hf_" + "a1B2" * 8


def packed(files, links=()):
    """A zip archive's bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        for name, target in links:
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return data.getvalue()


@pytest.fixture
def shopee(service):
    """Tables, one of them packed by the service, and photos in an archive."""
    files = {
        "train.csv": b"posting_id,image\np1,a.jpg\n" * 100,
        "sample_submission.csv": b"posting_id,matches\np1,p1\n",
        "train_images.zip": packed({"a.jpg": b"a" * 1000, "deep/b.jpg": b"b" * 10}),
        "test_images.zip": packed({"test_images/c.jpg": b"c"}),
    }
    return service.account.competitions.setdefault("shopee", Competition(files=files, packed={"train.csv"}))


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_data_lies_where_trainers_look_for_it_with_checksums(cockpit, shopee, tmp_path):
    answer = cockpit("kaggle", "prepare", "shopee")
    assert answer.code == 0, answer
    folder = tmp_path / "data" / "shopee"
    assert tree(folder) == [
        ".kaggle.json",
        "SHA256SUMS",
        "sample_submission.csv",
        "test_images/c.jpg",
        "train.csv",
        "train_images/a.jpg",
        "train_images/deep/b.jpg",
    ]
    assert answer.out.splitlines()[0].startswith("data/shopee: 5 files, ")
    assert (folder / "train.csv").read_bytes() == shopee.files["train.csv"]
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout.count(b": OK")) == (0, 5)


def test_what_is_there_is_kept_and_what_was_changed_is_fetched_again(cockpit, shopee, service, tmp_path):
    assert cockpit("kaggle", "prepare", "shopee", "-o", "d", "--json").document["fetched"] == 4
    assert cockpit("kaggle", "prepare", "shopee", "-o", "d", "--json").document["kept"] == 4
    assert service.count("DownloadDataFile") == 4
    (tmp_path / "d" / "train_images" / "a.jpg").write_bytes(b"z" * 1000)
    shopee.files["sample_submission.csv"] += b"p2,p2\n"
    again = cockpit("kaggle", "prepare", "shopee", "-o", "d", "--json").document
    assert (again["fetched"], again["kept"]) == (2, 2)
    sums = {one["name"]: one["sha256"] for one in again["files"]}
    assert sums["train_images/a.jpg"] == hashlib.sha256(b"a" * 1000).hexdigest()
    assert (tmp_path / "d" / "train_images" / "a.jpg").read_bytes() == b"a" * 1000


def test_what_was_cut_short_is_gone_on_with(cockpit, shopee, service, tmp_path):
    shopee.files["big.bin"] = bytes(range(256)) * 9000
    service.fault("/competition/shopee/big.bin", "half", after=True)
    service.fault("/competition/shopee/big.bin", 403, after=True)
    answer = cockpit("kaggle", "prepare", "shopee", "-o", "d")
    assert (answer.code, (tmp_path / "d" / "big.bin").exists()) == (1, False)
    service.watch(lambda call, moment: None)
    service.calls.clear()
    assert cockpit("kaggle", "prepare", "shopee", "-o", "d").code == 0
    assert (tmp_path / "d" / "big.bin").read_bytes() == shopee.files["big.bin"]
    assert not list((tmp_path / "d").glob("*.part*"))


def test_many_files_come_as_one_archive(cockpit, service, tmp_path):
    files = {f"images/{n:03d}.png": b"%d" % n for n in range(60)} | {
        "train.csv": b"a\n",
        "more.zip": packed({"x": b"y"}),
    }
    service.account.competitions["photos"] = Competition(files=files)
    document = cockpit("kaggle", "prepare", "photos", "--json").document
    folder = tmp_path / "data" / "photos"
    assert (document["fetched"], len(document["files"])) == (1, 62)
    assert (folder / "images" / "059.png").read_bytes() == b"59"
    assert (folder / "more" / "x").read_bytes() == b"y"
    assert not list(folder.glob("*.zip"))


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/tmp/evil.csv", "a/../../evil.csv", "C:\\evil", "a\\..\\b", "x\n.csv", ""]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(RefusedError, match="no place in its folder"):
        inside(tmp_path, name)


def test_a_link_that_is_there_leads_nobody_out(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "out").symlink_to(tmp_path)
    with pytest.raises(RefusedError):
        inside(tmp_path / "data", "out/evil.csv")
    assert inside(tmp_path / "data", "a/b.csv") == tmp_path / "data" / "a" / "b.csv"


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"../../evil.csv": b"x"}, "no place in its folder"),
        ({"a.zip": packed({"good.csv": b"1", "../../../evil.csv": b"x"})}, "no place in its folder"),
        ({"a.zip": packed({"/evil.csv": b"x", "b": b""})}, "no place in its folder"),
        ({"a.zip": packed({"b": b""}, links=[("evil", "/etc/passwd")])}, "is a link in an archive"),
        ({"a.zip": packed({"b": b"x" * 5000})[:-30]}, "no whole zip archive"),
        ({"a.zip": b"<html>"}, "no whole zip archive"),
    ],
)
def test_nothing_is_written_outside_of_the_data_folder(cockpit, service, tmp_path, files, complaint):
    service.account.competitions["bad"] = Competition(files=files)
    answer = cockpit("kaggle", "prepare", "bad", "-o", "deep/down/here")
    assert (answer.code, complaint in answer.err, answer.out) == (1, True, ""), answer
    assert not [path for path in tree(tmp_path) if "evil" in path or path.endswith(".zip")]


def test_a_page_in_place_of_a_table_is_thrown_away(cockpit, shopee, service, tmp_path):
    service.fault("/competition/shopee/sample_submission.csv", "html")
    answer = cockpit("kaggle", "prepare", "shopee", "-o", "d")
    assert (answer.code, "it was thrown away" in answer.err) == (1, True)
    assert not (tmp_path / "d" / "sample_submission.csv").exists()


def test_a_competition_without_files_says_what_to_do(cockpit, service):
    service.account.competitions["closed"] = Competition()
    assert "accept its rules first" in cockpit("kaggle", "prepare", "closed").err


@pytest.fixture
def saved(logs):
    """The experiment with checkpoints of its best trial."""
    recorder = Recorder(logs, "exp002-shop")
    recorder.trial(0, [0.5], baseline=True).trial(1, [0.8])
    folder = recorder.run.trial("t001").path
    torch.save({"model": {"w": torch.ones(3)}, "optimizer": {"lr": 0.1}}, folder / "best.pt")
    with (folder / "events.jsonl").open("ab"):
        writer = EventWriter(folder / "events.jsonl")
    writer.write(Saved(path="best.pt", step=1, label="best"))
    writer.close()
    recorder.end()
    return folder


def test_a_checkpoint_becomes_a_dataset_and_a_version_of_it(cockpit, saved, service, tmp_path):
    answer = cockpit("kaggle", "dataset", "init", "exp002", "--id", "alice/shop-best", "-o", "up")
    assert answer.out.splitlines()[0] == "up: best.pt, cockpit.json of exp002/t001"
    about = json.loads((tmp_path / "up" / "cockpit.json").read_text())
    assert (about["experiment"], about["trial"], about["best"]) == ("exp002", "t001", 0.8)
    assert about["sha256"] == hashlib.sha256((saved / "best.pt").read_bytes()).hexdigest()
    made = cockpit("kaggle", "dataset", "create", "up", "--json").document
    assert (made["id"], made["new"], made["state"]) == ("alice/shop-best", True, "processing")
    there = service.account.datasets["alice/shop-best"]
    assert (there.private, sorted(there.files)) == (True, ["best.pt", "cockpit.json"])
    assert there.files["best.pt"] == (saved / "best.pt").read_bytes()
    assert cockpit("kaggle", "dataset", "create", "up", "--json").document["new"] is False
    (tmp_path / "up" / "notes.txt").write_text("more")
    assert cockpit("kaggle", "dataset", "version", "up", "-m", "with notes", "--json").document["new"] is True
    assert cockpit("kaggle", "dataset", "version", "up", "-m", "with notes", "--json").document["new"] is False
    assert len(there.notes) == 2
    assert there.notes[1].startswith("with notes [ck-")
    assert "exists; add a version" in cockpit("kaggle", "dataset", "create", "up").err


def test_a_dataset_that_was_deleted_over_there_is_made_again(cockpit, saved, service):
    cockpit("kaggle", "dataset", "init", "exp002", "--id", "alice/shop-best", "-o", "up")
    assert cockpit("kaggle", "dataset", "create", "up", "--json").document["new"] is True
    service.account.datasets.clear()
    assert cockpit("kaggle", "dataset", "create", "up", "--json").document["new"] is True
    assert "alice/shop-best" in service.account.datasets


def test_weights_alone_are_put_up_only_when_asked_for(cockpit, saved, tmp_path):
    cockpit("kaggle", "dataset", "init", "exp002/t001", "--id", "alice/shop-weights", "-o", "up", "--state-dict")
    assert tree(tmp_path / "up") == ["cockpit.json", "dataset-metadata.json", "weights.pt"]
    state = torch.load(tmp_path / "up" / "weights.pt", weights_only=True)
    assert list(state) == ["w"]


def test_an_upload_that_got_no_answer_is_not_done_twice(cockpit, saved, service):
    cockpit("kaggle", "dataset", "init", "exp002", "--id", "alice/shop-best", "-o", "up")
    service.fault("CreateDataset", "reset", after=True)
    assert cockpit("kaggle", "dataset", "create", "up", "--json").document["new"] is True
    service.fault("CreateDatasetVersion", "half", after=True)
    assert cockpit("kaggle", "dataset", "version", "up", "-m", "v", "--json").document["new"] is True
    assert (service.count("CreateDataset"), service.count("CreateDatasetVersion")) == (1, 1)


def test_an_upload_that_breaks_off_goes_on(cockpit, saved, service):
    cockpit("kaggle", "dataset", "init", "exp002", "--id", "alice/shop-best", "-o", "up")
    service.fault("/upload", 503)
    assert cockpit("kaggle", "dataset", "create", "up").code == 0


@pytest.mark.parametrize("where", ["notes.txt", "best.pt", "config.zip"])
def test_secrets_never_go_up(cockpit, saved, service, tmp_path, where):
    cockpit("kaggle", "dataset", "init", "exp002", "--id", "alice/shop-best", "-o", "up")
    path = tmp_path / "up" / where
    path.unlink(missing_ok=True)
    if where == "best.pt":
        torch.save({"config": {"hub": TOKEN}}, path)
    elif where == "config.zip":
        path.write_bytes(packed({"a/.env": f"export HF={TOKEN}\n"}))
    else:
        path.write_bytes(b"\xff" * ((1 << 20) - 10) + TOKEN.encode() + b"\xff" * 10)  # over two pieces
    answer = cockpit("kaggle", "dataset", "create", "up")
    assert answer.code == 2, answer
    assert f"up/{where}: Hugging Face token" in answer.err
    assert TOKEN not in answer.err
    assert service.count("StartBlobUpload") == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("init", "exp001", "--id", "alice/shop-best", "-o", "u"), "has no file best; it saved none"),
        (("init", "exp002", "--id", "shop-best", "-o", "u"), "write it as OWNER/NAME"),
        (("init", "exp002", "--id", "alice/x", "-o", "u"), "Kaggle wants a name of 6 to 50 characters"),
        (("init", "exp002", "--id", "alice/Shop_Best", "-o", "u"), "write the name as shop-best"),
        (("init", "exp002", "--id", "alice/shop-best", "-o", "logs"), "has something in it"),
        (("create", "nowhere"), "`cockpit kaggle dataset init TRIAL` makes such a folder"),
    ],
)
def test_what_cannot_be_a_dataset_is_one_line(cockpit, saved, words, complaint):
    answer = cockpit("kaggle", "dataset", *words)
    assert (answer.code in (1, 2), complaint in answer.err, len(answer.err.splitlines())) == (True, True, 1), answer


def test_a_dataset_that_is_not_ready_gets_no_version(cockpit, saved, service):
    cockpit("kaggle", "dataset", "init", "exp002", "--id", "alice/shop-best", "-o", "up")
    words = ("kaggle", "dataset", "version", "up", "-m", "v")
    assert "does not exist; make it with" in cockpit(*words).err
    service.account.datasets["alice/shop-best"] = Dataset("shop", True, {}, ["first"], looks_left=5)
    assert "still being processed" in cockpit(*words).err
    service.account.datasets["alice/shop-best"] = Dataset("shop", True, {}, ["first"], looks_left=0)
    assert cockpit(*words).code == 0


def test_a_name_as_addresses_have_it():
    assert slug_of("Exp001 hill / Größe") == "exp001-hill-gr-e"
