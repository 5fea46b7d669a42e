"""The CAP folder channel: every CAP message as a file, for systems that pick files up.

A file appears whole or not at all, under the identifier of its message, and is never changed:
writing it again after a crash gives the same file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from service.channels.contract import Dead, Delivered, Message, Outcome, Retry

ReadCap = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Returns the XML of CAP messages by identifier; one that is not stored is left out."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class CapFolderChannel:
    """Writes CAP messages into a folder, one file each: `IDENTIFIER.xml`."""

    name = "cap_folder"

    def __init__(self, folder: str, read: ReadCap) -> None:
        """Opens the channel; nothing is written.

        Args:
            folder: Path of a folder that exists; it is not made, since it may be a mount.
            read: Reads the messages that are to be written.
        """
        self._folder = Path(folder)
        self._read = read
        self.endpoint = hashlib.sha256(folder.encode()).hexdigest()

    def send(self, message: Message) -> Outcome:
        """Writes the files that a message lists; without a list, tries whether a file can be."""
        identifiers = json.loads(message.body)["data"].get("identifiers", [])
        if not all(map(_FILE_NAME.fullmatch, identifiers)):
            return Dead("an identifier cannot be the name of a file")
        bodies = self._read(identifiers) if identifiers else {}
        if missing := sorted(set(identifiers) - set(bodies)):
            return Dead(f"{len(missing)} CAP messages are not stored, first {missing[0]}")
        try:
            if not self._folder.is_dir():
                return Retry(None, "the folder is not there")
            for identifier in identifiers:
                self._write(f"{identifier}.xml", bodies[identifier])
            if not identifiers:
                self._try_writing(message.message_id)
            self._flush()
        except OSError as problem:
            return Retry(None, problem.strerror or type(problem).__name__)
        return Delivered(f"{len(identifiers)} files" if identifiers else "the folder takes files")

    def _write(self, name: str, body: bytes) -> None:
        # The name of the draft is fixed, so that a killed worker leaves none behind for good; a
        # leading dot and another ending keep it from those who pick up *.xml.
        draft = self._folder / f".{name}.part"
        with draft.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)

    def _try_writing(self, name: str) -> None:
        probe = self._folder / f".{name}.part"
        probe.write_bytes(b"")
        probe.unlink()

    def _flush(self) -> None:
        """Makes the names last, too."""
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
