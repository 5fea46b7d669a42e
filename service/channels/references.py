"""References: where an address or a secret stands, instead of the text itself.

`env:NAME` is a variable of the environment, `file:/path` the content of a file, `setting:NAME` one
of our own settings. So neither a contact file nor the database holds a secret.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from data.errors import SettingsError
from service.settings import Settings

_REFERENCE = re.compile(r"^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|setting:webhook_(?:url|secret))$")
_KINDS = ("env:", "file:", "setting:")


def is_reference(text: str) -> bool:
    """Returns True if a text is written as a reference, rightly or not."""
    return text.startswith(_KINDS)


def is_good_reference(text: str) -> bool:
    """Returns True if a text is a reference that can be followed."""
    return _REFERENCE.match(text) is not None


def resolve_reference(text: str, settings: Settings) -> str:
    """Returns what a reference points at; a text that is none stands for itself.

    Args:
        text: The reference.
        settings: For `setting:`.

    Raises:
        SettingsError: There is no such variable, file or setting, or it is empty.
    """
    if not is_reference(text):
        return text
    kind, _, name = text.partition(":")
    if kind == "env":
        found = os.environ.get(name, "")
    elif kind == "file":
        found = _read_file(Path(name))
    else:
        value = {"webhook_url": settings.webhook_url, "webhook_secret": settings.webhook_secret}
        secret = value.get(name)
        found = secret.get_secret_value() if secret else ""
    if not found.strip():
        raise SettingsError(
            f"'{text}' is not there or is empty.",
            "Set the variable, or write the file, in the environment of this process.",
        )
    return found.strip()


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not text"
        raise SettingsError(
            f"'file:{path}' cannot be read: {reason}.", "Check the path and who may read it."
        ) from None
