"""Five thousand regions fire at once: few, small messages, and the whole list behind their link."""

import json
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shapely.geometry import box
from sqlalchemy import func, select

from data.regions import Region, RegionSet, save_region_set
from service.alerts.contact_store import apply_contacts
from service.alerts.message import MAX_BYTES
from service.alerts.routes import ContactBook
from service.app import make_app
from service.channels.chat import LONGEST_TEXT, write_text
from service.channels.contacts import ContactPoint
from service.channels.contract import Message
from service.channels.mail_text import compose_mail
from service.settings import Settings
from service.tables import notifications

N_REGIONS = 5_000
CONTACTS = (
    ContactPoint(
        name="relay", channel="webhook", address="https://hooks.example.org/x", secret="env:X"
    ),
    ContactPoint(name="desk", channel="email", address="desk@example.org", language="fr"),
    ContactPoint(name="chat", channel="apprise", address="env:CHAT"),
)


def draw_regions() -> RegionSet:
    countries = ("BFA", "MLI")
    regions = tuple(
        Region(
            f"R{number:04d}", f"Région <{number}>", countries[number % 2],
            box(number % 100, number // 100, number % 100 + 1, number // 100 + 1),
        )
        for number in range(N_REGIONS)
    )  # fmt: skip
    return RegionSet("many", "admin1", "month", "ged", False, "", regions, ((),) * N_REGIONS)


def parts_of(mail: EmailMessage) -> dict[str, bytes]:
    """The text and the HTML of an e-mail, as their reader's program sees them."""
    return {
        part.get_content_type(): part.get_payload(decode=True)
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    }


def test_five_thousand_regions_make_few_small_messages_and_one_whole_list(
    new_world: Callable[..., Any], build: Any, tmp_path: Path, browse: Any
) -> None:
    world = new_world(Settings(public_url="https://tocsin.example", state_dir=tmp_path))
    many = draw_regions()
    with world.database.write() as connection:
        save_region_set(connection, many, world.clock())
        apply_contacts(connection, ContactBook(contacts=CONTACTS), actor="awa", now=world.clock())
    world.apply(build.rule())
    scores = tuple(
        type(score)(**{**vars(score), "region_name": region.name, "country": region.country})
        for number, region in enumerate(many.regions)
        for score in [build.score(region.region_id, 0.3 + number / 1e5)]
    )
    _, report = world.publish(build.month(0), {}, region_set="many", scores=scores)
    rows = world.messages()
    assert report.decisions == {"new": N_REGIONS * len(CONTACTS)}
    assert Counter((row["contact_point"], row["group_key"]) for row in rows) == {
        (contact.name, f"risk/{country}"): 1 for contact in CONTACTS for country in ("BFA", "MLI")
    }
    with world.database.read() as connection:
        counted = connection.scalar(select(func.count()).select_from(notifications))
    assert counted == N_REGIONS * len(CONTACTS)
    links = set()
    for row in rows:
        assert len(row["body"].encode()) <= MAX_BYTES
        data = json.loads(row["body"])["data"]
        assert data["n_alerts"] == N_REGIONS / 2
        assert data["n_omitted"] == data["n_alerts"] - len(data["alerts"])
        links.add(data["links"]["all_alerts"])
        if row["channel"] == "email":
            mail = compose_mail(
                Message(row["message_id"], "desk", row["body"], 1),
                sender="Tocsin <a@example.org>",
                recipient="desk@example.org",
                unsubscribe=lambda _: "https://tocsin.example/unsubscribe?token=x",
            )
            sizes = {kind: len(content) for kind, content in parts_of(mail).items()}
            assert set(sizes) == {"text/plain", "text/html"}
            assert MAX_BYTES / 2 < sum(sizes.values()) <= MAX_BYTES
            listed = parts_of(mail)["text/html"].count(b"<h2")
            assert (
                f"{data['n_alerts'] - listed} autres alertes".encode()
                in (parts_of(mail)["text/html"])
            )
        if row["channel"] == "apprise":
            text = write_text(data)
            assert len(text) <= LONGEST_TEXT
            assert data["links"]["all_alerts"] in text
    (link,) = links
    client = browse(make_app(world.database, world.settings, world.clock))
    page = client.get(urlsplit(link).path).raise_for_status().text
    assert all(page.count(f"Région &lt;{number}&gt;") == 1 for number in range(N_REGIONS))
