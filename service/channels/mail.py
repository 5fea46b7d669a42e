"""The e-mail channel: one e-mail for each message, over SMTP with TLS.

The server is the operator's own and comes from the settings, so its address is not guarded: an
internal relay is the normal case. The connection is always encrypted and the certificate checked;
plain SMTP is for a relay on this machine only.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from threading import Timer
from typing import Any, Literal

import structlog

from data.errors import SettingsError
from service.channels.contract import Dead, Delivered, Message, Outcome, Retry
from service.channels.mail_text import Picture, compose_mail
from service.links.unsubscribe_links import fingerprint, unsubscribe_link
from service.settings import Settings

DEADLINE_SECONDS = 60.0
"""Longest time for one e-mail, so that a server that drips cannot hold a worker past its lease."""

_log = structlog.stdlib.get_logger("tocsin.delivery")
_TOO_LATE = "The mail server did not answer in time"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed in.

    Attributes:
        host: Name of the server; its certificate must be for it.
        port: Its port.
        security: `starttls`, `tls` from the first byte, or `none` on this machine.
        user: Who signs in; None: nobody does.
        password: Their password.
        sender: Mailbox that e-mails come from.
        timeout_seconds: Longest wait for each answer.
        context: Trusted certificates and how they are checked.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None
    password: str | None
    sender: str
    timeout_seconds: float
    context: ssl.SSLContext


def read_mail_server(settings: Settings) -> MailServer:
    """Returns the mail server of the settings.

    Raises:
        SettingsError: There is none, or what is said of it cannot be used.
    """
    if settings.smtp_host is None or settings.mail_from is None:
        raise SettingsError(
            "E-mail needs TOCSIN_SMTP_HOST and TOCSIN_MAIL_FROM.",
            "Set them to your mail server and to the mailbox that alerts come from.",
        )
    if "@" not in parseaddr(settings.mail_from)[1]:
        raise SettingsError(
            "TOCSIN_MAIL_FROM is no mailbox.", "Write it as 'Tocsin <alerts@example.org>'."
        )
    if settings.smtp_security == "none" and settings.smtp_host not in _LOOPBACK:
        raise SettingsError(
            f"TOCSIN_SMTP_SECURITY is 'none', but {settings.smtp_host} is another machine.",
            "Use 'starttls' or 'tls': alerts and passwords must not travel in clear.",
        )
    password = settings.smtp_password
    if (settings.smtp_user is None) is not (password is None):
        raise SettingsError(
            "TOCSIN_SMTP_USER and TOCSIN_SMTP_PASSWORD go together.", "Set both or neither."
        )
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=password.get_secret_value() if password else None,
        sender=settings.mail_from,
        timeout_seconds=settings.smtp_timeout_seconds,
        context=_context(settings.smtp_ca_file),
    )


class MailChannel:
    """Sends e-mails to one mailbox.

    Args:
        contact: Name of the contact point.
        address: The mailbox.
        settings: For the server, the public address and the key of the unsubscribe link.
        picture: Draws the map.

    Raises:
        SettingsError: There is no mail server, or what is said of it cannot be used.
    """

    name = "email"

    def __init__(
        self, contact: str, address: str, settings: Settings, picture: Picture | None = None
    ) -> None:
        self._contact = contact
        self._address = address
        self._settings = settings
        self._server = read_mail_server(settings)
        self._picture = picture
        self.endpoint = fingerprint(address)

    def send(self, message: Message) -> Outcome:
        """Hands in an e-mail; what the server refuses for good (5xx) is dead, all else retried."""
        mail = compose_mail(
            message,
            sender=self._server.sender,
            recipient=self._address,
            unsubscribe=self._unsubscribe,
            picture=self._draw,
        )
        sender = parseaddr(self._server.sender)[1]
        try:
            with _connect(self._server) as client:
                _sign_in(client, self._server)
                client.send_message(mail, from_addr=sender, to_addrs=[self._address])
        except _CannotSignIn as problem:
            return Retry(None, str(problem))
        except smtplib.SMTPRecipientsRefused as problem:
            code, text = problem.recipients[self._address]
            return _judge(code, text)
        except smtplib.SMTPResponseException as problem:
            return _judge(problem.smtp_code, problem.smtp_error)
        except ssl.SSLCertVerificationError as problem:
            return Retry(None, f"The certificate is refused: {problem.verify_message}")
        except smtplib.SMTPNotSupportedError as problem:
            return Retry(None, f"The server does not offer what is needed: {problem}")
        except TimeoutError:
            return Retry(None, _TOO_LATE)
        except smtplib.SMTPServerDisconnected as problem:
            # It may have taken the e-mail before: the next try has the same Message-ID.
            is_late = isinstance(problem.__context__, TimeoutError)
            return Retry(None, _TOO_LATE if is_late else "The mail server hung up")
        except (OSError, smtplib.SMTPException) as problem:
            reason = getattr(problem, "strerror", None) or type(problem).__name__
            return Retry(None, f"The mail server cannot be reached: {reason}")
        return Delivered("handed in to the mail server")

    def _draw(self, data: Mapping[str, Any]) -> bytes | None:
        if self._picture is None:
            return None
        try:
            return self._picture(data)
        except Exception:
            # An alert without its map is better than none.
            _log.exception("map_failed", contact_point=self._contact)
            return None

    def _unsubscribe(self, sent_at: datetime) -> str:
        return unsubscribe_link(self._settings, self._contact, self._address, sent_at=sent_at)


class _CannotSignIn(Exception):
    """User and password are refused: a matter of the operator, not of the message."""


@contextmanager
def _connect(server: MailServer) -> Iterator[smtplib.SMTP]:
    """Opens a connection that ends at the deadline, encrypted as the server is said to be."""
    place = (server.host, server.port)
    client: smtplib.SMTP
    if server.security == "tls":
        client = smtplib.SMTP_SSL(*place, timeout=server.timeout_seconds, context=server.context)
    else:
        client = smtplib.SMTP(*place, timeout=server.timeout_seconds)
    ends = Timer(DEADLINE_SECONDS, _hang_up, [client])
    ends.daemon = True
    ends.start()
    try:
        if server.security == "starttls":
            client.starttls(context=server.context)
        yield client
        _say_goodbye(client)
    finally:
        ends.cancel()
        client.close()


def _sign_in(client: smtplib.SMTP, server: MailServer) -> None:
    if server.user is None or server.password is None:
        return
    try:
        client.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as problem:
        raise _CannotSignIn(
            f"The mail server refuses user and password: {problem.smtp_code}"
        ) from None


def _say_goodbye(client: smtplib.SMTP) -> None:
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        # The e-mail was taken: that the farewell fails changes nothing.
        return


def _hang_up(client: smtplib.SMTP) -> None:
    held = client.sock
    if held is not None:
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _judge(code: int, text: bytes | str) -> Outcome:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    detail = f"SMTP {code}: {' '.join(said.split())[:200]}"
    return Dead(detail) if 500 <= code < 600 else Retry(None, detail)


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as problem:
        raise SettingsError(
            f"TOCSIN_SMTP_CA_FILE cannot be read: {problem.strerror or 'no certificates in it'}.",
            "Give a file of certificates in PEM.",
        ) from None
