"""Contact files with their refusals, the book in the database, and whom routes lead to."""

from pathlib import Path
from typing import Any

import pytest

from data.errors import BadInput, MissingInput
from service.alerts.audit import list_actions
from service.alerts.contact_files import EXAMPLE, check_contact_file, read_contacts
from service.alerts.contact_store import apply_contacts, list_books, load_book
from service.alerts.routes import ContactBook, Route, group_key
from service.channels.contacts import ContactPoint
from service.settings import Settings
from service.tables import contact_books

pytestmark = pytest.mark.both_databases

GOOD = """\
[[contacts]]
name = "desk"
channel = "email"
address = "desk@example.org"
language = "fr"
labels = {team = "west"}

[[contacts]]
name = "relay"
channel = "webhook"
address = "env:RELAY_URL"
secret = "file:/run/secrets/relay"

[[routes]]
match = {country = ["MLI", "NER"]}
contact_labels = {team = "west"}
repeat_after_days = 7

[default]
contacts = ["relay"]
"""


def refuse(tmp_path: Path, text: str) -> list[tuple[int | None, str]]:
    path = tmp_path / "contacts.toml"
    path.write_text(text)
    return [(item.line, item.reason) for item in check_contact_file(path)[1]]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('"email"', '"pigeon"', 3, "channel: Input should be"),
        ("desk@example.org", "desk", 1, "'desk' is no mailbox"),
        ("desk@example.org", "a@b, c@d", 1, "is no mailbox"),
        ("desk@example.org", "a\\nBcc: c@example.org", 1, "is no mailbox"),
        ('"fr"', '"de"', 5, "language: Input should be"),
        ('name = "relay"', 'name = "desk"', 9, "'desk' is there twice"),
        ("file:/run/secrets/relay", "whsec_abc", 8, "not the secret itself"),
        ("env:RELAY_URL", "env:RELAY URL", 8, "address: write a reference"),
        ("env:RELAY_URL", "setting:database_url", 8, "address: write a reference"),
        ("env:RELAY_URL", "ftp://example.org", 8, "a webhook is an https address"),
        ('"webhook"', '"email"', 8, "email takes no secret"),
        ('["relay"]', '["fax"]', 20, "there is no such contact point"),
        ("contact_labels = {team = \"west\"}", "contact_labels = {team = \"east\"}", 16,
         "no contact point has the labels"),
        ("contact_labels = {team = \"west\"}", "", 14, "a route names nobody"),
        ("repeat_after_days = 7", "repeat_after_days = 0", 17, "greater than or equal to 1"),
        ("repeat_after_days = 7", 'group_by = ["moon"]', 17, "group_by.0: Input should be"),
        ("[default]", '[default]\nmatch = {a = "b"}', None, "matches everything"),
        ("[default]", "[defaults]", None, "'defaults' is unknown"),
        ("[[routes]]", "[routes]", None, "'routes' is a list of tables"),
        ("[default]", "[default", None, "not a TOML file"),
    ],
)  # fmt: skip
def test_a_refusal_names_its_line(
    tmp_path: Path, old: str, new: str, line: int | None, reason: str
) -> None:
    assert refuse(tmp_path, GOOD) == []
    found = refuse(tmp_path, GOOD.replace(old, new, 1))
    assert [place for place, _ in found] == [line]
    assert reason in found[0][1]


def test_the_log_has_no_address(tmp_path: Path) -> None:
    found = refuse(tmp_path, '[[contacts]]\nname = "a"\nchannel = "log"\naddress = "x"\n')
    assert "the log has no address" in found[0][1]


def test_files_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    assert "nobody would be told" in refuse(tmp_path, "")[0][1]
    with pytest.raises(BadInput, match="nobody would be told"):
        read_contacts(tmp_path / "contacts.toml")
    with pytest.raises(MissingInput):
        check_contact_file(tmp_path / "none.toml")


def test_the_example_is_good() -> None:
    book = read_contacts(EXAMPLE)
    assert {contact.channel for contact in book.contacts} >= {"log", "webhook"}


def make_book(*contacts: str, **changes: Any) -> ContactBook:
    points = tuple(ContactPoint(name=name, channel="log") for name in contacts)
    return ContactBook(contacts=points, **changes)


def test_an_alert_takes_its_routes_or_the_default_one() -> None:
    book = make_book(
        "a", "b", "c",
        routes=(
            Route(match={"country": "MLI"}, contacts=("a",), group_by=("region",)),
            Route(match={"country": ("MLI", "NER")}, contacts=("a", "b")),
        ),
        default=Route(contacts=("c",)),
    )  # fmt: skip
    a, b, c = book.contacts

    def reached(country: str) -> list[str]:
        labels = {"country": country}
        return [point.name for point in book.contacts if book.route_to(point, labels)]

    assert reached("MLI") == ["a", "b"]
    assert reached("NER") == ["a", "b"]
    assert reached("BFA") == ["c"]
    # The first route that reaches a contact point says how its alerts are grouped.
    assert book.route_to(a, {"country": "MLI"}) == book.routes[0]
    assert book.route_to(b, {"country": "MLI"}) == book.routes[1]
    assert make_book("a").route_to(c, {}) is not None


def test_group_keys_are_short_and_part_what_differs() -> None:
    route = Route(contacts=("a",))
    assert group_key(route, {"rule": "risk", "country": "MLI"}) == "risk/MLI"
    assert group_key(Route(group_by=()), {"rule": "risk"}) == "all"
    long = [group_key(route, {"rule": "r" * 95, "country": country}) for country in ("MLI", "NER")]
    assert len({*long}) == 2
    assert all(len(key) <= 96 for key in long)


def test_every_edit_is_a_version(world: Any) -> None:
    settings = Settings(webhook_url="https://hooks.example.org/x")
    with world.database.write() as connection:
        standing = load_book(connection, settings)
        assert [point.name for point in standing.book.contacts] == ["log", "webhook"]
        assert (standing.version, standing.created_at) == (0, None)
        first, second = make_book("a"), make_book("a", "b")
        numbers = [
            apply_contacts(connection, book, actor="awa", now=world.clock())
            for book in (first, first, second, first)
        ]
        assert numbers == [1, None, 2, 3]
        assert load_book(connection, settings).book == first
        assert [item.book for item in list_books(connection)] == [first, second, first]
        said = [(entry.actor, entry.detail["version"]) for entry in list_actions(connection)]
        assert said == [("awa", 3), ("awa", 2), ("awa", 1)]


def test_no_secret_reaches_the_database(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_URL", "https://hooks.example.org/token-1234")
    (tmp_path / "contacts.toml").write_text(GOOD)
    with world.database.write() as connection:
        apply_contacts(
            connection, read_contacts(tmp_path / "contacts.toml"), actor="awa", now=world.clock()
        )
        stored = connection.execute(contact_books.select()).one()
    assert "env:RELAY_URL" in str(stored.body)
    assert "token-1234" not in str(stored.body)


def told(world: Any) -> list[tuple[str, str]]:
    return [(row["contact_point"], row["group_key"]) for row in world.messages()]


def apply(world: Any, book: ContactBook) -> None:
    with world.database.write() as connection:
        apply_contacts(connection, book, actor="awa", now=world.clock())


def test_routes_decide_who_is_told_and_in_how_many_messages(world: Any, build: Any) -> None:
    routes = (
        Route(match={"desk": "west"}, contacts=("a",), group_by=()),
        Route(match={"country": "NER"}, contacts=("b",), group_by=("region",)),
    )
    apply(world, make_book("a", "b", "c", routes=routes, default=Route(contacts=("c",))))
    world.apply(build.rule(id="r1", labels={"desk": "west"}), build.rule(id="r2"))
    world.publish(build.month(0), {"ML01": 0.3, "ML05": 0.3, "NE06": 0.3})
    assert sorted(told(world)) == [("a", "all"), ("b", "NE06"), ("c", "r2/MLI")]


def test_who_was_told_is_told_of_the_end_whatever_the_routes_say_by_then(
    world: Any, build: Any
) -> None:
    """A route by level must not leave anybody with an alert that never ends."""
    routes = (Route(match={"level": "very_high"}, contacts=("a",)),)
    apply(world, make_book("a", "b", routes=routes, default=Route(contacts=("b",))))
    world.apply(build.rule(repeat_after_days=1, clear_n=1))
    for number, value in enumerate((0.3, 0.6, 0.3, 0.3, 0.1)):
        world.clock.move(days=30)
        world.publish(build.month(number), {"ML01": value})
    names = [name for name, _ in told(world)]
    # a: new, de-escalated, resolved; b: new, escalated, de-escalated, one repeat, resolved.
    assert (names.count("a"), names.count("b")) == (3, 5)


def test_a_route_may_repeat_more_often_than_the_rule(world: Any, build: Any) -> None:
    routes = (Route(match={"type": "risk"}, contacts=("a",), repeat_after_days=5),)
    apply(world, make_book("a", routes=routes))
    world.apply(build.rule())
    for number in range(2):
        world.publish(build.month(number), {"ML01": 0.3})
        world.clock.move(days=5)
    assert len(told(world)) == 2
