"""CAP messages as files: what a folder holds after publications, crashes and refusals."""

import errno
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.alerts.cap_queue import make_cap_reader
from service.alerts.contact_store import apply_contacts
from service.alerts.contact_trial import try_contact
from service.alerts.delivery import deliver_due
from service.alerts.hush import add_silence
from service.alerts.routes import ContactBook, Route
from service.alerts.system import report_condition, tell_system_alerts
from service.channels.cap_folder import CapFolderChannel
from service.channels.contacts import ContactPoint
from service.channels.contract import Dead, Delivered, Message, Retry
from service.tables import cap_messages, outbox

LOG = ContactPoint(name="log", channel="log")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "cap"
    path.mkdir()
    return path


@pytest.fixture
def filed(world: Any, build: Any, folder: Path) -> Any:
    """A world with a CAP folder that no route names, and a log that all routes name."""
    cap = ContactPoint(name="cap", channel="cap_folder", address=str(folder))
    book = ContactBook(contacts=(LOG, cap), default=Route(contacts=("log",)))
    with world.database.write() as connection:
        apply_contacts(connection, book, actor="awa", now=world.clock())
    world.apply(build.rule(clear_n=1))
    return world


def deliver(world: Any) -> Any:
    return deliver_due(world.database, world.settings, world.clock)


def issued(world: Any) -> dict[str, bytes]:
    with world.database.read() as connection:
        return {
            f"{row.identifier}.xml": row.body for row in connection.execute(select(cap_messages))
        }


def found(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_folder_holds_what_the_feed_lists(filed: Any, build: Any, folder: Path) -> None:
    for number, score in enumerate([0.3, 0.6, None, 0.6, 0.05, 0.05]):
        filed.publish(build.month(number), {"ML05": score, "NE06": 0.3})
        filed.clock.move(days=30)
        deliver(filed)
        assert found(folder) == issued(filed)
    assert len(issued(filed)) >= 6
    assert {row["status"] for row in filed.messages()} == {"delivered"}


def test_no_silence_holds_a_file_back_and_no_notice_goes_there(
    filed: Any, build: Any, folder: Path
) -> None:
    with filed.database.write() as connection:
        add_silence(
            connection,
            matchers={"region": "ML05"},
            starts_at=filed.clock(),
            ends_at=filed.clock() + timedelta(days=30),
            author="awa",
            comment="Known",
            now=filed.clock(),
        )
        report_condition(
            connection,
            "feed_late",
            "sahel",
            is_bad=True,
            detail="x",
            settings=filed.settings,
            now=filed.clock(),
        )
        tell_system_alerts(connection, settings=filed.settings, now=filed.clock())
    filed.publish(build.month(0), {"ML05": 0.3})
    kinds = [(row["contact_point"], json.loads(row["body"])["type"]) for row in filed.messages()]
    assert [kind for name, kind in kinds if name == "cap"] == ["cap.issued"]
    deliver(filed)
    assert found(folder) == issued(filed) != {}


def test_a_publication_that_is_evaluated_again_queues_nothing(filed: Any, build: Any) -> None:
    filed.publish(build.month(0), {"ML05": 0.3})
    before = filed.messages()
    filed.publish(build.month(0), {"ML05": 0.3})
    again = [row for row in filed.messages() if row["contact_point"] == "cap"]
    assert [row for row in before if row["contact_point"] == "cap"] == again


def test_a_folder_that_is_gone_is_tried_again(filed: Any, build: Any, folder: Path) -> None:
    filed.publish(build.month(0), {"ML05": 0.3})
    folder.rmdir()
    assert deliver(filed).n_failed == 1
    folder.mkdir()
    filed.clock.move(hours=1)
    assert deliver(filed).n_delivered == 1
    assert found(folder) == issued(filed)


KILLED = """
import os, signal, sys
from pathlib import Path
from service.channels.cap_folder import CapFolderChannel
from service.channels.contract import Message

left, replace = int(sys.argv[1]), Path.replace

def replace_some(self, target):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return replace(self, target)

Path.replace = replace_some
bodies = {name: b"<x/>" * 1000 for name in sys.argv[4:]}
CapFolderChannel(sys.argv[2], lambda names: bodies).send(Message("msg_1", "cap", sys.argv[3], 1))
"""


def test_nothing_is_half_there_when_a_worker_dies(filed: Any, build: Any, folder: Path) -> None:
    """A real worker is killed after each number of files; the next one completes them."""
    regions = dict.fromkeys(("ML01", "ML05", "NE06"), 0.3)
    filed.publish(build.month(0), regions)
    whole = issued(filed)
    assert len(whole) == 3
    for n_written in range(3):
        channel = CapFolderChannel(str(folder), make_cap_reader(filed.database))
        message = Message("msg_1", "cap", body_of(filed), 1)
        ended = subprocess.run(
            [
                sys.executable,
                "-c",
                KILLED,
                str(n_written),
                str(folder),
                message.body,
                *(name.removesuffix(".xml") for name in whole),
            ],
            check=False,
            cwd=Path(__file__).parents[3],
        )
        assert ended.returncode == -signal.SIGKILL
        visible = [path for path in folder.glob("*.xml") if not path.name.startswith(".")]
        assert len(visible) == n_written
        assert isinstance(channel.send(message), Delivered)
        assert found(folder) == whole
        for path in folder.iterdir():
            path.unlink()


def body_of(world: Any) -> str:
    with world.database.read() as connection:
        query = select(outbox.c.body).where(outbox.c.contact_point == "cap")
        return str(connection.execute(query).scalar_one())


def message_of(*identifiers: str) -> Message:
    return Message("msg_1", "cap", json.dumps({"data": {"identifiers": identifiers}}), 1)


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", ".hidden", "", "a b", "a\n"])
def test_a_name_that_leads_elsewhere_is_never_written(folder: Path, name: str) -> None:
    channel = CapFolderChannel(str(folder), lambda names: dict.fromkeys(names, b"x"))
    assert isinstance(channel.send(message_of(name)), Dead)
    assert found(folder) == {}


def test_a_message_that_is_not_stored_is_dead(folder: Path) -> None:
    channel = CapFolderChannel(str(folder), lambda names: {})
    assert channel.send(message_of("a")) == Dead("1 CAP messages are not stored, first a")


def test_a_full_disk_leaves_no_file_and_is_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    channel = CapFolderChannel(str(folder), lambda names: dict.fromkeys(names, b"x"))
    assert channel.send(message_of("a")) == Retry(None, "No space left on device")
    assert list(folder.glob("[!.]*")) == []


def test_a_trial_says_whether_files_can_be_written(filed: Any, folder: Path) -> None:
    contact = ContactPoint(name="cap", channel="cap_folder", address=str(folder))
    assert try_contact(contact, filed.settings, filed.clock) == Delivered("the folder takes files")
    assert found(folder) == {}
    folder.rmdir()
    assert try_contact(contact, filed.settings, filed.clock) == Retry(
        None, "the folder is not there"
    )


@pytest.mark.parametrize("address", [None, "cap", "./cap"])
def test_a_folder_needs_a_whole_path(address: str | None) -> None:
    with pytest.raises(ValueError, match="address"):
        ContactPoint(name="cap", channel="cap_folder", address=address)
