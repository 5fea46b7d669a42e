"""Names as they are compared: without regard to accents, case, hyphens and apostrophes."""

from __future__ import annotations

import re
import unicodedata

_CONNECTORS = frozenset(("and", "et"))
_ELIDED = re.compile(r"\b([ld])['’ʼ`´]", re.IGNORECASE)
_APOSTROPHE = re.compile(r"['’ʼ`´]")


def plain_words(text: str) -> tuple[str, ...]:
    """Returns the words of a name, small, without accents, punctuation, "&", "and" and "et".

    An elided article is a word of its own ("l'Est"); any other apostrophe is nothing, since it is
    written or left out at will ("N'Djamena", "NDjamena").
    """
    split = _APOSTROPHE.sub("", _ELIDED.sub(r"\1 ", text))
    letters = unicodedata.normalize("NFKD", split).casefold()
    words = re.findall(r"[^\W_]+", "".join(c for c in letters if not unicodedata.combining(c)))
    kept = tuple(word for word in words if word not in _CONNECTORS)
    return kept or tuple(words)
