"""E-mail against real SMTP servers: what they take, refuse, drop and stall, and over which TLS."""

import asyncio
import email
import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from data.errors import SettingsError
from service.channels.contract import Dead, Delivered, Message, Outcome, Retry
from service.channels.mail import MailChannel
from service.links.unsubscribe_links import read_unsubscribe_link
from service.settings import Settings
from tests.mail_server import MailServer

DATA = {
    "title": "SIMULATED: Risk, MLI: 1 new",
    "language": "en",
    "is_simulated": True,
    "links": {"all_alerts": "https://t.example/sets/s/alerts"},
    "n_alerts": 3,
    "n_omitted": 2,
    "rules": [{"name": "Risk & <more>", "why": "Because."}],
    "publication": {"as_of": "2022-01-15", "data_cutoff": "2021-12-31", "model_version": "m-1"},
    "alerts": [
        {
            "text": "Ménaka <b>(MLI)</b>: none → high, new.",
            "sentences": ["Probability: 30%."],
            "drivers": ["deaths: 41"],
            "level_to": {"level": 1, "name": "high"},
            "link": "https://t.example/r",
            "links": {"acknowledge": "https://t.example/ack", "silence": "https://t.example/si"},
        }
    ],
}
BODY = json.dumps({"timestamp": "2022-01-15T06:00:00+00:00", "data": DATA})
MESSAGE = Message("msg_1", "desk", BODY, 1)
PNG = b"\x89PNG\r\n\x1a\n picture"


class Inbox:
    """Handles what an SMTP server gets, as it is told; keeps every e-mail that reached DATA."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt, self.data = rcpt, data
        self.got: list[Envelope] = []
        self.then: Callable[[SMTP], Any] | None = None

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope)
        if self.then is not None:
            await self.then(server)
        return self.data

    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(item.original_content or b"", policy=default)  # type: ignore[misc]
            for item in self.got
        ]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of `localhost`."""
    return write_certificate(tmp_path_factory.mktemp("smtp") / "localhost.pem", "localhost")


def write_certificate(path: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


Start = Callable[..., int]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server and returns its port."""
    running: list[MailServer] = []

    def run(inbox: Inbox, ssl_context: ssl.SSLContext | None = None, **options: Any) -> int:
        running.append(MailServer(inbox, ssl_context, **options))
        return running[-1].port

    yield run
    for server in running:
        server.stop()


def make_channel(tmp_path: Path, port: int, pem: Path | None = None, **changes: Any) -> MailChannel:
    settings = Settings(
        **{
            "state_dir": tmp_path,
            "public_url": "https://t.example",
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_security": "none" if pem is None else "starttls",
            "smtp_ca_file": pem,
            "smtp_timeout_seconds": 15.0,
            "mail_from": "Tocsin <alerts@example.org>",
            **changes,
        }
    )
    return MailChannel("desk", "desk@example.org", settings, lambda data: PNG)


def test_what_an_e_mail_holds(tmp_path: Path, start: Start) -> None:
    inbox = Inbox()
    channel = make_channel(tmp_path, start(inbox))
    assert isinstance(channel.send(MESSAGE), Delivered)
    (mail,) = inbox.mails()
    assert mail["Subject"] == "SIMULATED: Risk, MLI: 1 new"
    assert (mail["From"], mail["To"]) == ("Tocsin <alerts@example.org>", "desk@example.org")
    assert mail["Message-ID"] == "<msg_1@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Sat, 15 Jan 2022 06:00:00 +0000"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>").replace(" ", "")
    token = address.partition("?token=")[2]
    settings = Settings(state_dir=tmp_path)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert read_unsubscribe_link(settings, token, now=now) == ("desk", channel.endpoint)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for part in ("Probability: 30%.", "deaths: 41", "https://t.example/ack", "2 more alerts"):
        assert part in text
        assert part in html
    assert "Ménaka <b>(MLI)</b>" in text
    # What comes from data is text in the HTML too.
    assert "Ménaka &lt;b&gt;(MLI)&lt;/b&gt;" in html
    assert 'src="cid:map"' in html
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_content()) == ("<map>", PNG)


def test_every_try_is_the_same_e_mail(tmp_path: Path, start: Start) -> None:
    inbox = Inbox()
    channel = make_channel(tmp_path, start(inbox))
    for attempt in (1, 2):
        channel.send(Message("msg_1", "desk", BODY, attempt))
    first, second = inbox.got
    assert first.original_content == second.original_content


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"rcpt": "451 4.3.0 Try again later"}, Retry(None, "SMTP 451: 4.3.0 Try again later")),
        ({"rcpt": "550 5.1.1 No such user"}, Dead("SMTP 550: 5.1.1 No such user")),
        ({"data": "452 4.2.2 Mailbox full"}, Retry(None, "SMTP 452: 4.2.2 Mailbox full")),
        ({"data": "554 5.7.1 Spam"}, Dead("SMTP 554: 5.7.1 Spam")),
    ],
)
def test_for_now_and_for_good(
    tmp_path: Path, start: Start, reply: dict[str, str], expected: Outcome
) -> None:
    assert make_channel(tmp_path, start(Inbox(**reply))).send(MESSAGE) == expected


def test_a_server_that_takes_it_and_hangs_up_gets_the_same_e_mail_again(
    tmp_path: Path, start: Start
) -> None:
    inbox = Inbox()

    async def hang_up(server: SMTP) -> None:
        assert server.transport is not None
        server.transport.abort()
        inbox.then = None
        await asyncio.sleep(0)

    inbox.then = hang_up
    channel = make_channel(tmp_path, start(inbox))
    assert isinstance(channel.send(MESSAGE), Retry)
    assert isinstance(channel.send(MESSAGE), Delivered)
    ids = {mail["Message-ID"] for mail in inbox.mails()}
    assert (len(inbox.got), ids) == (2, {"<msg_1@example.org>"})


def test_a_server_that_stalls_is_given_up(tmp_path: Path, start: Start) -> None:
    inbox = Inbox()
    released = asyncio.Event()

    async def stall(server: SMTP) -> None:
        await released.wait()

    inbox.then = stall
    channel = make_channel(tmp_path, start(inbox), smtp_timeout_seconds=0.2)
    assert channel.send(MESSAGE) == Retry(None, "The mail server did not answer in time")


def test_no_server_is_tried_again(tmp_path: Path) -> None:
    outcome = make_channel(tmp_path, 1).send(MESSAGE)
    assert outcome == Retry(None, "The mail server cannot be reached: Connection refused")


def test_starttls_with_a_certificate_that_holds(tmp_path: Path, start: Start, pem: Path) -> None:
    inbox = Inbox()
    port = start(inbox, tls_context=server_context(pem), require_starttls=True)
    assert isinstance(make_channel(tmp_path, port, pem).send(MESSAGE), Delivered)
    assert len(inbox.got) == 1


def test_tls_from_the_first_byte(tmp_path: Path, start: Start, pem: Path) -> None:
    inbox = Inbox()
    port = start(inbox, ssl_context=server_context(pem))
    channel = make_channel(tmp_path, port, pem, smtp_security="tls")
    assert isinstance(channel.send(MESSAGE), Delivered)


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("host", ["localhost", "other.example.org"])
def test_a_certificate_that_does_not_hold_gets_nothing(
    tmp_path: Path, start: Start, pem: Path, security: str, host: str
) -> None:
    """Self-signed and not trusted, or trusted and for another name."""
    inbox = Inbox()
    theirs = write_certificate(tmp_path / "theirs.pem", host)
    key = "tls_context" if security == "starttls" else "ssl_context"
    port = start(inbox, **{key: server_context(theirs)})
    trusted = pem if host == "localhost" else theirs
    outcome = make_channel(tmp_path, port, trusted, smtp_security=security).send(MESSAGE)
    assert isinstance(outcome, Retry)
    assert "certificate is refused" in outcome.detail
    assert inbox.got == []


def test_a_server_without_starttls_gets_nothing(tmp_path: Path, start: Start, pem: Path) -> None:
    inbox = Inbox()
    outcome = make_channel(tmp_path, start(inbox), pem).send(MESSAGE)
    assert isinstance(outcome, Retry)
    assert "does not offer" in outcome.detail
    assert inbox.got == []


def test_signing_in(tmp_path: Path, start: Start, pem: Path) -> None:
    inbox = Inbox()

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"right")

    port = start(inbox, tls_context=server_context(pem), authenticator=check, auth_required=True)
    for password, kind in (("right", Delivered), ("wrong-secret", Retry)):
        channel = make_channel(tmp_path, port, pem, smtp_user="tocsin", smtp_password=password)
        outcome = channel.send(MESSAGE)
        assert isinstance(outcome, kind)
        assert password not in outcome.detail
    assert len(inbox.got) == 1


def test_a_map_that_cannot_be_drawn_holds_nothing_up(tmp_path: Path, start: Start) -> None:
    inbox = Inbox()

    def fail(data: Any) -> bytes:
        raise ValueError("no map")

    channel = make_channel(tmp_path, start(inbox))
    channel._picture = fail
    assert isinstance(channel.send(MESSAGE), Delivered)
    assert "cid:map" not in inbox.mails()[0].get_body(("html",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"smtp_host": None}, "TOCSIN_SMTP_HOST"),
        ({"mail_from": None}, "TOCSIN_MAIL_FROM"),
        ({"mail_from": "Tocsin"}, "is no mailbox"),
        ({"smtp_host": "mail.example.org"}, "another machine"),
        ({"smtp_user": "tocsin"}, "go together"),
        ({"smtp_ca_file": Path("/none.pem")}, "TOCSIN_SMTP_CA_FILE"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason):
        make_channel(tmp_path, 25, **changes)


def test_a_subject_stays_one_line(tmp_path: Path, start: Start) -> None:
    inbox = Inbox()
    hostile = {**DATA, "title": "Risk\r\nBcc: eve@example.org"}
    body = json.dumps({"timestamp": "2022-01-15T06:00:00+00:00", "data": hostile})
    make_channel(tmp_path, start(inbox)).send(Message("msg_2", "desk", body, 1))
    (mail,) = inbox.mails()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Risk Bcc: eve@example.org"
