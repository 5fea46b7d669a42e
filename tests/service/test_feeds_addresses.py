"""Addresses of feeds: there and back, whatever is typed."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from data.errors import UnknownName
from service.feeds.addresses import FeedAddress, parse_address, write_address

PLAIN = {"accept-encoding": "identity"}


@given(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
        lambda text: text.strip("/")
    ),
    st.sampled_from(["csv", "geojson", "alerts.cap.xml"]),
    st.none() | st.dates(date(1990, 1, 1)),
    st.none() | st.integers(1, 999),
)
def test_an_address_leads_back_to_what_it_was_written_for(name, feed_format, as_of, revision):
    from urllib.parse import unquote

    path = write_address(name, feed_format, as_of, revision)
    assert path.isascii()
    expected = FeedAddress(name, feed_format, as_of, revision if as_of else None)
    assert parse_address(unquote(path)) == expected


@given(st.text(max_size=40))
def test_no_path_breaks_the_reader(text):
    path = f"/feeds/{text}"
    try:
        region_set = parse_address(path).region_set
    except UnknownName:
        region_set = None
    assert region_set is None or region_set in text
