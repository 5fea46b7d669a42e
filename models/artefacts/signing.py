"""The signing key of a service: Ed25519, made once, kept in the state folder.

A model that a service did not sign itself is never unpickled, because unpickling runs what the
bytes say. The key file is made whole under another name and then linked into place, so that two
processes that start at once end up with one key.
"""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from data.errors import Refused, SettingsError, StateError

KEY_FILE = Path("keys") / "signing.pem"

PublicKey = Ed25519PublicKey


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 private key.

    Attributes:
        private: The key itself.
    """

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signs."""
        return self.private.public_key()


def load_or_make_key(state_dir: Path) -> SigningKey:
    """Returns the key of the state folder, made if there is none.

    Args:
        state_dir: Folder of the state; the key is its `keys/signing.pem`, mode 0600.

    Raises:
        Refused: Others may read the key file.
        SettingsError: The key cannot be read or written.
        StateError: The file is no Ed25519 key.
    """
    path = state_dir / KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise Refused(
                f"The signing key {path} may be read by others (mode {mode:04o}).",
                f"Run chmod 600 {path}, and retrain if somebody may have copied it.",
            )
        return SigningKey(_parse_key(path, path.read_bytes()))
    except OSError as problem:
        raise SettingsError(
            f"The signing key {path} cannot be read or made: {problem.strerror}.",
            "Set TOCSIN_STATE_DIR to a folder that you may write to.",
        ) from None


def sign(key: SigningKey, manifest: bytes) -> bytes:
    """Returns the signature of a manifest, 64 bytes; the manifest names the artefact's SHA-256."""
    return key.private.sign(manifest)


def is_signed_by(key: PublicKey, manifest: bytes, signature: bytes) -> bool:
    """Returns True if the signature is that of the manifest by the key's owner."""
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    # `mkstemp` makes a file that only its owner may read.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".signing-")
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(made)
        except FileExistsError:
            return  # Another process was first: its key is the key.
    finally:
        made.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parse_key(path: Path, pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StateError(
            f"The signing key {path} is damaged.",
            "Restore it from a backup, or remove it and train again (older models are refused).",
        )
    return key
