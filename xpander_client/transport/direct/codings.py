"""The encodings of a body that were asked for: gzip and deflate."""

from __future__ import annotations

import zlib
from collections.abc import Callable

_GZIP, _ZLIB, _BARE = 31, 15, -15  # zlib's numbers for its formats


class CodingError(Exception):
    """A body is not in the encoding that it names."""


def find_decoder(names: str) -> Callable[[bytes], bytes] | None:
    """Return what decodes a body bit by bit; None where there is nothing to do, or one of the
    encodings that a `content-encoding` names is not known: the body is handed on as it is then.
    """
    decoders: list[Callable[[bytes], bytes]] = []
    for name in names.lower().split(","):
        kind = name.strip(" \t")
        if kind in ("gzip", "x-gzip", "deflate"):
            decoders.append(_Inflater(kind).decode)
        elif kind not in ("", "identity"):
            return None
    if len(decoders) < 2:
        return decoders[0] if decoders else None

    def decode(data: bytes) -> bytes:
        for each in reversed(decoders):
            data = each(data)
        return data

    return decode


class _Inflater:
    def __init__(self, kind: str) -> None:
        self._inflate = zlib.decompressobj(_GZIP).decompress if kind != "deflate" else None
        self._held = b""

    def decode(self, data: bytes) -> bytes:
        try:
            if self._inflate is None:
                data = self._held + data
                if len(data) < 2:
                    self._held = data
                    return b""
                # Deflate is zlib's format; some servers send it without the two bytes before it.
                is_zlib = data[0] & 15 == 8 and int.from_bytes(data[:2]) % 31 == 0
                self._inflate = zlib.decompressobj(_ZLIB if is_zlib else _BARE).decompress
            return self._inflate(data)
        except zlib.error as error:
            raise CodingError(str(error)) from None
