"""Signed texts: what was said, by us, for this purpose, in time; nothing else."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import Refused
from service.links.tokens import read_text, sign_text

NOW = datetime(2022, 1, 16, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYED = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@KEYED
@given(content=st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers()))
def test_a_text_comes_back_until_it_expires(tmp_path, content):
    text = sign_text(tmp_path, "a", content, expires_at=NOW + HOUR)
    assert read_text(tmp_path, "a", text, now=NOW) == content
    assert read_text(tmp_path, "a", text, now=NOW + HOUR - timedelta(seconds=1)) == content
    with pytest.raises(Refused, match="expired"):
        read_text(tmp_path, "a", text, now=NOW + HOUR)
    with pytest.raises(Refused, match="damaged"):
        read_text(tmp_path, "b", text, now=NOW)


@KEYED
@given(place=st.integers(0, 200), letter=st.characters())
def test_an_altered_text_is_refused(tmp_path, place, letter):
    text = sign_text(tmp_path, "a", {"incident": "x" * 40}, expires_at=NOW + HOUR)
    place %= len(text)
    altered = text[:place] + letter + text[place + 1 :]
    if altered != text:
        with pytest.raises(Refused):
            read_text(tmp_path, "a", altered, now=NOW)


def test_the_last_letter_is_that_of_the_seal_alone(tmp_path):
    """The last letter of base64 holds bits that say nothing: four letters give the same bytes."""
    text = sign_text(tmp_path, "a", {}, expires_at=NOW + HOUR)
    for letter in set(string.ascii_letters + string.digits + "-_") - {text[-1]}:
        with pytest.raises(Refused):
            read_text(tmp_path, "a", text[:-1] + letter, now=NOW)


@KEYED
@given(text=st.text(max_size=60))
def test_any_other_text_is_refused(tmp_path, text):
    with pytest.raises(Refused):
        read_text(tmp_path, "a", text, now=NOW)


def test_another_key_signs_otherwise(tmp_path):
    text = sign_text(tmp_path / "one", "a", {}, expires_at=NOW + HOUR)
    with pytest.raises(Refused):
        read_text(tmp_path / "two", "a", text, now=NOW)
