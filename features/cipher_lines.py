"""Lines of JSON that are encrypted one by one, so that one may be appended or overwritten without the others.

    {"encrypted":1,"key":"<id>","data_key":"<wrapped>"}    the first line of such a file: its own data key
    ~<base64 of nonce, AES-256-GCM of the line, tag>       each other line; one that was erased is plain JSON again

A nonce is the line's number: a data key encrypts one file, and one process writes it. A file without that first line
is plain and read as it is. Start reading at `plain_lines`.
"""

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from features.encryption import KEY_BYTES, NONCE_BYTES, FileKeys, cipher_of, file_keys

HEAD, LINE = b'{"encrypted":1,', b"~"


class Stored(NamedTuple):
    """A line as it stands, where, and what it says; the same where it is not encrypted, or is broken."""

    offset: int
    stored: bytes
    plain: bytes


class LineCipher:
    """Encrypts the lines of one new file, in their order.

    Args:
        keys: one of them wraps the data key.
    """

    def __init__(self, keys: FileKeys) -> None:
        data_key = os.urandom(KEY_BYTES)
        told = json.dumps({"key": keys.current, "data_key": keys.wrap(data_key)}, separators=(",", ":"))
        self.head = HEAD + told[1:].encode() + b"\n"
        self._cipher, self._count = cipher_of(data_key), 0

    def on(self, lines: bytes) -> bytes:
        """Whole lines, each with its end, as the file keeps them."""
        return b"".join([self._on(line) for line in lines.splitlines(keepends=True)])

    def _on(self, line: bytes) -> bytes:
        self._count += 1
        nonce = self._count.to_bytes(NONCE_BYTES, "big")
        return b"".join((LINE, base64.b64encode(nonce + self._cipher.encrypt(nonce, line[:-1], None)), b"\n"))


def plain_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, each with its end, encrypted or not; the last one may lack it.

    Raises:
        NoFileKey, WrongFileKey: it is encrypted, and its key is not here.
    """
    with path.open("rb") as lines:
        first = lines.readline()
        if not first.startswith(HEAD):
            if first:
                yield first
            yield from lines
            return
    for line in stored_lines(path):
        yield line.plain


def stored_lines(path: Path) -> Iterator[Stored]:
    """The lines of a file, as they stand and as they read.

    Raises:
        NoFileKey, WrongFileKey: it is encrypted, and its key is not here.
    """
    plain_of, offset = reader_of(path), 0
    with path.open("rb") as lines:
        for line in lines:
            if offset or not line.startswith(HEAD):
                yield Stored(offset, line, plain_of(line))
            offset += len(line)


def reader_of(path: Path) -> Callable[[bytes], bytes]:
    """What makes of a line as it stands in a file the line as it reads, each with its end.

    A line that is plain stays as it is, and one that was overwritten in part, or changed: it is no JSON then.

    Raises:
        NoFileKey, WrongFileKey: the file is encrypted, and its key is not here.
    """
    with path.open("rb") as lines:
        first = lines.readline()
    if not first.startswith(HEAD):
        return bytes
    from cryptography.exceptions import InvalidTag

    told = json.loads(first)
    cipher = cipher_of(file_keys().unwrap(told["data_key"], told["key"]))

    def plain(line: bytes) -> bytes:
        if not (line.startswith(LINE) and line.endswith(b"\n")):
            return line
        try:
            sealed = base64.b64decode(line[1:-1], validate=True)
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None) + b"\n"
        except (InvalidTag, ValueError):
            return line

    return plain


def key_of_lines(path: Path) -> str | None:
    """The id of the key that a file of lines is encrypted with; None where it is plain."""
    with path.open("rb") as lines:
        first = lines.readline()
    return str(json.loads(first)["key"]) if first.startswith(HEAD) else None
