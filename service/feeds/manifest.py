"""The signed manifest of a publication: which files belong to it, and that they are unaltered.

A manifest is a JSON object of two members: `signed`, the text that is signed, itself JSON, and
`signature` (Ed25519; Josefsson & Liusvaara 2017, RFC 8032). Because the signed text is carried as
it is, nobody has to agree on how JSON is written. The key is at `/.well-known/tocsin-keys.json` as
a JSON Web Key (RFC 8037).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from data.errors import BadInput, Refused
from models.artefacts.signing import PublicKey, SigningKey, is_signed_by, sign
from service.feeds.facts import write_moment
from service.publications.publication import Document, Publication

NAME = "manifest.json"
_FORMAT = "tocsin-manifest-1"


@dataclass(frozen=True)
class VerifiedFile:
    """A file that a signed manifest lists.

    Attributes:
        region_set: Name of the region set.
        as_of: Knowledge limit, ISO day.
        revision: The revision.
        format: Format of the file.
        published_at: When it was published, RFC 3339.
        is_simulated: True if the events did not happen.
        key_id: The key that signed.
    """

    region_set: str
    as_of: str
    revision: int
    format: str
    published_at: str
    is_simulated: bool
    key_id: str


def sign_documents(
    publication: Publication,
    documents: Sequence[Document],
    key: SigningKey,
    ledger: Mapping[str, Any],
) -> Document:
    """Returns the signed manifest of a publication's files.

    Args:
        publication: With its revision.
        documents: Its files.
        key: The service's signing key.
        ledger: Its entry in the forecast ledger, JSON-ready.
    """
    content = {
        "format": _FORMAT,
        "set": publication.region_set,
        "as_of": publication.as_of.isoformat(),
        "revision": publication.revision,
        "published_at": write_moment(publication.published_at),
        "data_cutoff": publication.data_cutoff.isoformat(),
        "model_version": publication.model_version,
        "outcome_version": publication.outcome_version,
        "simulated": publication.is_simulated,
        "files": {
            document.name: {"sha256": _hash(document.body), "bytes": len(document.body)}
            for document in documents
        },
        "ledger": dict(ledger),
    }
    signed = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    envelope = {
        "signed": signed,
        "signature": {
            "algorithm": "Ed25519",
            "key_id": name_key(key.public),
            "value": base64.b64encode(sign(key, signed.encode())).decode(),
        },
    }
    body = json.dumps(envelope, ensure_ascii=False, indent=1).encode()
    return Document(NAME, "application/json", body)


def verify_file(body: bytes, manifest: bytes, key: PublicKey) -> VerifiedFile:
    """Returns what a file is, if a manifest signed by the key lists it.

    Args:
        body: The file's bytes, not compressed.
        manifest: The manifest's bytes.
        key: The key that must have signed it.

    Raises:
        BadInput: The manifest is none.
        Refused: It was not signed by the key, or does not list the file.
    """
    try:
        envelope = json.loads(manifest)
        signed, signature = envelope["signed"], envelope["signature"]
        value = base64.b64decode(signature["value"], validate=True)
        content: dict[str, Any] = json.loads(signed)
        files = {entry["sha256"]: name for name, entry in content["files"].items()}
        message = signed.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput("This is no manifest of a publication.") from None
    if not is_signed_by(key, message, value):
        raise Refused(
            "The manifest was not signed by this key, or was altered.",
            "Compare the key with the one at /.well-known/tocsin-keys.json of the publisher.",
        )
    found = files.get(_hash(body))
    if found is None or content.get("format") != _FORMAT:
        raise Refused(
            "The file is not in the manifest: it was altered, cut, or belongs to another one.",
            "Whole files are signed; a file that was cut by country or outcome is not.",
        )
    return VerifiedFile(
        region_set=content["set"],
        as_of=content["as_of"],
        revision=content["revision"],
        format=found,
        published_at=content["published_at"],
        is_simulated=content["simulated"],
        key_id=name_key(key),
    )


def write_key_set(key: PublicKey) -> bytes:
    """Returns the public key as a JSON Web Key Set."""
    entry = {
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "kid": name_key(key),
        "x": base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode(),
    }
    return json.dumps({"keys": [entry]}).encode()


def read_key_set(text: bytes) -> PublicKey:
    """Returns the first Ed25519 key of a JSON Web Key Set.

    Raises:
        BadInput: It holds none.
    """
    try:
        entries = json.loads(text)["keys"]
        (raw, *_) = (item["x"] for item in entries if item.get("crv") == "Ed25519")
        padded = raw + "=" * (-len(raw) % 4)
        return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(padded))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput(
            "The key file holds no Ed25519 key.",
            "Download /.well-known/tocsin-keys.json of the publisher.",
        ) from None


def name_key(key: PublicKey) -> str:
    """Returns the identifier of a key: the beginning of its hash."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
