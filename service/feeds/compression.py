"""Compressing files once, before they are stored."""

from __future__ import annotations

import gzip
from dataclasses import replace

import brotli

from service.publications.publication import Document

_GZIP_LEVEL = 6
_BROTLI_LEVEL = 5
_PACKED_ALREADY = ("application/pdf", "application/vnd.")


def compress_document(document: Document) -> Document:
    """Returns the document with its bytes in gzip and brotli, each only where it is smaller.

    The time of compressing is not written, so that the same bytes give the same bytes.
    """
    if document.media_type.startswith(_PACKED_ALREADY):
        return document
    zipped = gzip.compress(document.body, compresslevel=_GZIP_LEVEL, mtime=0)
    packed: bytes = brotli.compress(document.body, quality=_BROTLI_LEVEL)
    size = len(document.body)
    return replace(
        document,
        gzip_body=zipped if len(zipped) < size else None,
        brotli_body=packed if len(packed) < size else None,
    )
