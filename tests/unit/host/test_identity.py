from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import pytest
from msgspec import structs

from ledger.host.describe import Candidate, ProcessorInfo
from ledger.host.identity import code_digest, files_digest, identity_of, manifest

INFO = ProcessorInfo(name="tide", version="1", requires=(), provides=(), config='{"least":1}')


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tide_tables"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("LEVEL = 1\n")
    (folder / "data" / "words.txt").write_text("high\nlow\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


CANDIDATE = Candidate(name="tide", value="tide_tables:tide", distribution="tide", version="1", editable=True)


def test_every_file_of_the_package_counts_and_caches_do_not(package):
    first = code_digest(CANDIDATE)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"poison")
    (package / ".hidden").write_text("x")
    os.utime(package / "__init__.py", (1, 1))
    assert code_digest(CANDIDATE) == first
    (package / "data" / "words.txt").write_text("high\nlow\nslack\n")
    second = code_digest(CANDIDATE)
    (package / "data" / "words.txt").rename(package / "data" / "terms.txt")
    assert len({first, second, code_digest(CANDIDATE)}) == 3


def test_where_it_is_installed_does_not_count(package, tmp_path, monkeypatch):
    first = code_digest(CANDIDATE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    package.rename(elsewhere / "tide_tables")
    monkeypatch.syspath_prepend(str(elsewhere))
    assert code_digest(CANDIDATE) == first


def test_a_module_that_is_not_there_has_no_digest():
    assert code_digest(Candidate(name="tide", value="no_such_package_at_all")) == ""


def test_one_file_is_its_own_code(tmp_path):
    file = tmp_path / "tide.py"
    file.write_text("LEVEL = 1\n")
    candidate = Candidate(name="tide", value="tide", file=str(file))
    first = code_digest(candidate)
    file.write_text("LEVEL = 2\n")
    assert code_digest(candidate) != first


def test_data_files_count_by_name_and_content(tmp_path):
    model = tmp_path / "model.bin"
    model.write_bytes(b"\x00\x01")
    first = files_digest([str(model)])
    model.write_bytes(b"\x00\x02")
    assert files_digest([str(model)]) != first
    assert files_digest([]) == ""
    with pytest.raises(FileNotFoundError):
        files_digest([str(tmp_path / "gone.bin")])


def test_the_manifest_is_readable_and_decides_the_identity():
    entries = manifest(CANDIDATE, "c0de", INFO, {"numbers": "1dea"})
    assert entries["code"] == "c0de"
    assert entries["inputs"] == "numbers:1dea"
    assert entries["install"] == "unpinned"
    assert entries["config"] == '{"least":1}'
    assert "data" not in entries
    assert identity_of(entries) == identity_of(dict(reversed(entries.items())))
    other = manifest(CANDIDATE, "c0de", INFO, {"numbers": "other"})
    assert identity_of(other) != identity_of(entries)


def test_libraries_that_compute_count_by_their_release():
    info = structs.replace(INFO, libraries=("msgspec", "a-library-nobody-has"))
    entries = manifest(CANDIDATE, "c0de", info, {})
    assert entries["libraries"] == f"a-library-nobody-has missing, msgspec {version('msgspec')}"
    assert "libraries" not in manifest(CANDIDATE, "c0de", INFO, {})


def test_a_release_without_a_change_is_the_same_producer():
    wheel = Candidate(name="tide", value="tide_tables:tide", distribution="tide", version="1")
    newer = Candidate(name="tide", value="tide_tables:tide", distribution="tide", version="2")
    assert manifest(wheel, "c0de", INFO, {}) == manifest(newer, "c0de", INFO, {})
