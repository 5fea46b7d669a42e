"""One key per state folder, for its owner only, whoever comes first."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from data.errors import Refused, SettingsError, StateError
from models.artefacts.signing import KEY_FILE, is_signed_by, load_or_make_key, sign


def _public_bytes(state_dir: Path) -> bytes:
    return load_or_make_key(state_dir).public.public_bytes_raw()


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    state = tmp_path / "var"
    first = _public_bytes(state)
    path = state / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["signing.pem"]
    assert _public_bytes(state) == first


def test_processes_that_start_at_once_share_one_key(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        keys = pool.map(_public_bytes, [tmp_path / "var"] * 24, chunksize=1)
    assert len(set(keys)) == 1


def test_a_race_that_is_lost_takes_the_winner_s_key(tmp_path, monkeypatch):
    winner = _public_bytes(tmp_path)
    answers = iter([False])
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda self: next(answers, None) or real(self))
    assert _public_bytes(tmp_path) == winner
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["signing.pem"]


def test_a_signature_holds_for_these_bytes_and_this_key(tmp_path):
    key, other = load_or_make_key(tmp_path / "a"), load_or_make_key(tmp_path / "b")
    signature = sign(key, b"manifest")
    assert is_signed_by(key.public, b"manifest", signature)
    assert not is_signed_by(key.public, b"manifesto", signature)
    assert not is_signed_by(other.public, b"manifest", signature)
    assert not is_signed_by(key.public, b"manifest", signature[:-1])
    assert not is_signed_by(key.public, b"manifest", b"")
    assert "PRIVATE" not in repr(key)


def test_a_key_that_others_may_read_is_refused(tmp_path):
    load_or_make_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(Refused, match="0640") as refused:
        load_or_make_key(tmp_path)
    assert "chmod 600" in refused.value.hint


@pytest.mark.parametrize("kind", ["empty", "text", "other curve"])
def test_a_damaged_key_is_said_and_not_replaced(tmp_path, kind):
    load_or_make_key(tmp_path)
    other = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    content = {"empty": b"", "text": b"not a key", "other curve": other}[kind]
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(StateError, match="damaged"):
        load_or_make_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_folder_that_cannot_be_made_is_a_matter_of_settings(tmp_path):
    (tmp_path / "file").write_text("here is no folder")
    with pytest.raises(SettingsError, match="cannot be read or made"):
        load_or_make_key(tmp_path / "file")
