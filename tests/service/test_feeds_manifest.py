"""Manifests: what was published is recognised, and nothing else."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from data.errors import BadInput, Refused
from models.artefacts.signing import SigningKey, load_or_make_key
from service.cli.main import app
from service.feeds.manifest import (
    name_key,
    read_key_set,
    sign_documents,
    verify_file,
    write_key_set,
)
from service.publications.publication import Document
from service.publications.store import store_publication

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ENTRY = {"sequence": 1, "entry_hash": "0" * 64}
FILES = (Document("csv", "text/csv", b"a,b\r\n"), Document("json", "application/json", b"{}"))


def test_every_file_of_a_publication_is_recognised(make_publication):
    manifest = sign_documents(make_publication(revision=2), FILES, KEY, ENTRY)
    assert manifest.name == "manifest.json"
    for file in FILES:
        found = verify_file(file.body, manifest.body, KEY.public)
        assert (found.format, found.region_set, found.revision) == (file.name, "squares", 2)
        assert (found.as_of, found.key_id) == ("2022-01-15", name_key(KEY.public))


@given(st.binary(max_size=20))
def test_no_other_file_is(body):
    manifest = json.dumps({"signed": "{}", "signature": {"value": ""}}).encode()
    with pytest.raises((Refused, BadInput)):
        verify_file(body, manifest, KEY.public)


def test_an_altered_file_is_refused(make_publication):
    manifest = sign_documents(make_publication(), FILES, KEY, ENTRY)
    with pytest.raises(Refused, match="not in the manifest"):
        verify_file(b"a,c\r\n", manifest.body, KEY.public)


def test_an_altered_manifest_is_refused(make_publication):
    manifest = sign_documents(make_publication(), FILES, KEY, ENTRY)
    envelope = json.loads(manifest.body)
    envelope["signed"] = envelope["signed"].replace("2022-01-15", "2022-01-16")
    with pytest.raises(Refused, match="not signed"):
        verify_file(FILES[0].body, json.dumps(envelope).encode(), KEY.public)


def test_another_key_is_refused(make_publication):
    manifest = sign_documents(make_publication(), FILES, KEY, ENTRY)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    with pytest.raises(Refused, match="not signed"):
        verify_file(FILES[0].body, manifest.body, other)


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[]", b"{}", b'{"signed": 1, "signature": {}}', b"\xff", b"[" * 100_000),
        b'{"signed": "{\\"files\\": {}, \\"a\\": \\"\\ud800\\"}", "signature": {"value": ""}}',
    ],
)
def test_what_is_no_manifest_is_bad_input(text):
    with pytest.raises(BadInput):
        verify_file(b"", text, KEY.public)


def test_a_key_is_read_back_from_its_set():
    assert read_key_set(write_key_set(KEY.public)) == KEY.public
    for text in (
        b"",
        b"[" * 100_000,
        b"{}",
        b'{"keys": []}',
        b'{"keys": [{"crv": "Ed25519", "x": "AA"}]}',
    ):
        with pytest.raises(BadInput):
            read_key_set(text)


def test_the_command_checks_a_file_with_and_without_the_own_database(
    squares, settings, make_publication, tmp_path, monkeypatch
):
    key = load_or_make_key(settings.state_dir)
    publication = make_publication()
    manifest = sign_documents(publication, FILES, key, ENTRY)
    with squares.write() as connection:
        store_publication(connection, publication, (*FILES, manifest))
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(settings.state_dir))
    good, bad = tmp_path / "latest.csv", tmp_path / "bad.csv"
    good.write_bytes(FILES[0].body)
    bad.write_bytes(b"a,c\r\n")
    (tmp_path / "m.json").write_bytes(manifest.body)
    (tmp_path / "k.json").write_bytes(write_key_set(key.public))
    given = ["--manifest", str(tmp_path / "m.json"), "--key", str(tmp_path / "k.json")]
    run = CliRunner().invoke
    for more in ([], given):
        done = run(app, ["verify-feed", str(good), *more, "--json"])
        assert json.loads(done.stdout)["format"] == "csv"
        assert isinstance(run(app, ["verify-feed", str(bad), *more]).exception, Refused)
    assert "is authentic: csv of squares" in run(app, ["verify-feed", str(good)]).stdout
