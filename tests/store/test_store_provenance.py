"""What is kept of code and data, told in a line."""

from __future__ import annotations

import pytest

from cockpit.store.folder import RunFolder
from cockpit.store.provenance import code_text, data_text, keep_provenance, packages_of, read_provenance

CODE = {"commit": "0123456789abcdef", "branch": "main", "changed_lines": 12, "diff": "code.diff", "cut": False}


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path)


def test_it_is_read_as_it_was_kept_without_its_secrets(run):
    keep_provenance(run, {"code": [{**CODE, "branch": "ghp_c4n4ryC4N4RY0123456789abcdef"}], "packages": 3, "data": {}})
    assert read_provenance(run) == {"code": [{**CODE, "branch": "[redacted]"}], "packages": 3, "data": {}}


@pytest.mark.parametrize("text", ["", "[]", '{"code": 3}', '{"code": [1]}', "{"])
def test_a_file_that_is_none_is_passed_over(run, text):
    assert read_provenance(run) is None
    run.provenance.write_text(text)
    assert read_provenance(run) is None


def test_the_state_of_the_code_in_one_line():
    assert code_text(CODE) == "012345678 on main, 12 changed lines in code.diff"
    assert code_text({**CODE, "cut": True}).endswith("code.diff, cut")
    assert code_text({"commit": "abc", "late": True}) == "abc, what was changed is not known, because git took too long"
    names = dict.fromkeys(("a.py", "b.py", "c.py", "d.py", "e.py"), "1")
    assert code_text({"commit": "abc", "untracked": names}) == "abc, untracked sources: a.py, b.py, c.py and 2 more"
    assert code_text({"commit": "", "untracked": {"t.py": "1"}}) == "in no repository: t.py"
    assert code_text({}) == ""
    assert "\n" not in code_text({"commit": "abc\n\x1b[31m", "branch": "x\ny"})


def test_data_in_one_line():
    known = {"path": "/data", "files": 2, "bytes": 12345, "digest": "abc", "digest_of": "contents"}
    assert data_text(known) == "/data: 2 files, 12,345 bytes, digest abc of contents"
    assert data_text({}) == ""


def test_packages_by_name(run):
    assert packages_of(run) == {}
    run.packages.write_text("numpy==2.4.6\ntorch==2.13.0+cpu\nnonsense\n")
    assert packages_of(run) == {"numpy": "2.4.6", "torch": "2.13.0+cpu"}
