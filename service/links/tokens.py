"""Signed texts: what the service hands out and takes back, unaltered and in time.

They are made with a secret derived from the service's signing key, so no other secret has to be
kept. A text says what it is for: one made for one purpose opens nothing else.
"""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from data.errors import Refused
from models.artefacts.signing import load_or_make_key

_INFO = b"tocsin signed texts"


def sign_text(
    state_dir: Path, purpose: str, content: dict[str, Any], *, expires_at: datetime
) -> str:
    """Returns a word that can stand in an address and says `content` until `expires_at`.

    Anybody can read it; nobody can alter it.

    Args:
        state_dir: Folder of the state, which holds the signing key; made if there is none.
        purpose: What it is for, e.g. `session`.
        content: What it says, ready for JSON.
        expires_at: From when it says nothing.
    """
    said = json.dumps([int(expires_at.timestamp()), content], separators=(",", ":"))
    body = _write(said.encode())
    return f"{body}.{_seal(state_dir, purpose, body)}"


def read_text(state_dir: Path, purpose: str, text: str, *, now: datetime) -> dict[str, Any]:
    """Returns what a text of `sign_text` says.

    Raises:
        Refused: It was altered, made for another purpose, or has expired.
    """
    body, _, seal = text.partition(".")
    try:
        # As text: several words say the same bytes, and only one of them is ours.
        is_ours = hmac.compare_digest(seal.encode(), _seal(state_dir, purpose, body).encode())
    except UnicodeEncodeError:
        is_ours = False
    if not is_ours:
        raise Refused("The link is damaged or not from here.", "Use it whole, as it was sent.")
    expires_at, content = json.loads(_read(body))
    if now.timestamp() >= expires_at:
        raise Refused("The link has expired.", "Sign in with a key, or wait for the next message.")
    return dict(content)


def _seal(state_dir: Path, purpose: str, body: str) -> str:
    return _write(hmac.digest(_secret(state_dir), f"{purpose}\0{body}".encode(), "sha256"))


@lru_cache(maxsize=8)
def _secret(state_dir: Path) -> bytes:
    key = load_or_make_key(state_dir).private
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return HKDF(SHA256(), 32, None, _INFO).derive(raw)


def _write(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _read(word: str) -> bytes:
    return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
