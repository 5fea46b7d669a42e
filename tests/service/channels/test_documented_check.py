"""The check of a webhook that the documentation shows does what it says."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.channels.webhook import read_secrets

DOCS = Path(__file__).resolve().parents[3] / "docs" / "alerts.md"
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
OTHER = "whsec_" + "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="


@pytest.fixture(scope="module")
def is_ours() -> Any:
    found = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    return names["is_ours"]


def sign(secrets: str, body: str, moment: float) -> dict[str, str]:
    now = datetime.fromtimestamp(moment, UTC)
    signatures = [signer.sign("msg_1", now, body) for signer in read_secrets(secrets)]
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment)),
        "webhook-signature": " ".join(signatures),
    }


def test_what_we_sign_is_accepted_and_nothing_else(is_ours: Any) -> None:
    now = time.time()
    headers = sign(f"{OTHER} {SECRET}", "{}", now)
    assert is_ours(headers, b"{}", SECRET)
    assert is_ours(headers, b"{}", OTHER)
    assert not is_ours(headers, b"{ }", SECRET)
    assert not is_ours({**headers, "webhook-id": "msg_2"}, b"{}", SECRET)
    assert not is_ours(sign(OTHER, "{}", now), b"{}", SECRET)
    assert not is_ours(sign(SECRET, "{}", now - 400), b"{}", SECRET)
