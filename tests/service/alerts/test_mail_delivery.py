"""From a publication to the e-mail of a contact point: in its language, with the map."""

import json
from pathlib import Path
from typing import Any

import pytest
from shapely import to_wkb
from shapely.geometry import MultiPolygon, box
from sqlalchemy import update

from data.errors import UnknownName
from data.tables import regions
from service.alerts.audit import list_actions
from service.alerts.contact_store import apply_contacts
from service.alerts.mail_picture import make_picture
from service.alerts.routes import ContactBook
from service.alerts.subscriptions import enable_contact, is_unsubscribed, unsubscribe
from service.channels.contacts import ContactPoint
from service.links.unsubscribe_links import fingerprint
from service.settings import Settings

DESK = ContactPoint(name="desk", channel="email", address="desk@example.org", language="fr")


@pytest.fixture
def mailed(new_world: Any, build: Any, tmp_path: Path) -> Any:
    """A world whose alerts go to one mailbox."""
    world = new_world(Settings(state_dir=tmp_path, public_url="https://tocsin.example"))
    with world.database.write() as connection:
        apply_contacts(connection, ContactBook(contacts=(DESK,)), actor="awa", now=world.clock())
        for place, name in enumerate(("ML01", "ML05", "NE06")):
            shape = to_wkb(MultiPolygon([box(place, 0, place + 1, 1)]))
            connection.execute(
                update(regions).where(regions.c.region_id == name).values(geometry=shape)
            )
    world.apply(build.rule())
    return world


def test_a_person_gets_links_to_act_and_a_map(mailed: Any, build: Any) -> None:
    mailed.publish(build.month(0), {"ML01": 0.3, "ML05": 0.1, "NE06": 0.1})
    (row,) = mailed.messages()
    data = json.loads(row["body"])["data"]
    (alert,) = data["alerts"]
    assert set(alert["links"]) == {"acknowledge", "silence"}
    assert alert["links"]["silence"].startswith("https://tocsin.example/alerts/act?token=")
    picture = make_picture(mailed.database)
    drawn = picture(data)
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
    assert picture(data) is drawn
    assert picture({"alerts": [alert]}) is None
    gone = {**data["publication"], "as_of": "2001-01-01"}
    assert picture({**data, "publication": gone}) is None


def test_who_unsubscribed_gets_nothing_until_enabled(mailed: Any, build: Any) -> None:
    endpoint = fingerprint("desk@example.org")
    with mailed.database.write() as connection:
        assert unsubscribe(connection, "desk", endpoint, now=mailed.clock())
        assert not unsubscribe(connection, "desk", endpoint, now=mailed.clock())
        assert is_unsubscribed(connection, DESK, mailed.settings)
        moved = DESK.model_copy(update={"address": "new@example.org"})
        assert not is_unsubscribed(connection, moved, mailed.settings)
    mailed.publish(build.month(0), {"ML01": 0.3})
    assert mailed.messages() == []
    with mailed.database.write() as connection:
        enable_contact(connection, "desk", actor="awa", now=mailed.clock())
        with pytest.raises(UnknownName):
            enable_contact(connection, "desk", actor="awa", now=mailed.clock())
        trail = [(item.actor, item.action) for item in list_actions(connection)]
    assert trail[:2] == [("awa", "enable_contact"), ("link:desk", "unsubscribe")]
    mailed.publish(build.month(1), {"ML01": 0.3})
    assert len(mailed.messages()) == 1
