"""Typed reading of control maps: signed messages and the maps inside them.

A control map has integer keys. Keys 0–99 and negative ones belong to this specification: one that
the reader does not know means a newer protocol, so it is refused as ``unsupported``. Unknown keys
from 100 on are ignored. Every reader raises ProtocolError(MALFORMED) naming the key.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from sync.protocol.canonical import Value
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import MAXIMUM_INTEGER, MAXIMUM_TEXT_BYTES, PROTOCOL_VERSION

FIRST_FREE_KEY: Final = 100

T = TypeVar("T")


class ControlMap:
    """A decoded control map whose keys have been checked against those the reader knows."""

    def __init__(self, value: Value, known: frozenset[int]) -> None:
        if not isinstance(value, dict):
            raise _malformed("a map was expected")
        self._items = value
        for key in value:
            if not isinstance(key, int):
                raise _malformed("keys of a control map are integers")
            if key not in known and key < FIRST_FREE_KEY:
                raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, f"unknown key {key}")

    def value(self, key: int) -> Value:
        """The value of a key that must be there."""
        if key not in self._items:
            raise _malformed(f"key {key} is missing")
        return self._items[key]

    def has(self, key: int) -> bool:
        """Whether the key is there."""
        return key in self._items

    def version(self, key: int = 1) -> None:
        """Check the version number of the message."""
        if self.unsigned(key) != PROTOCOL_VERSION:
            raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "protocol version")

    def unsigned(self, key: int) -> int:
        """An unsigned integer of at most 63 bits."""
        return unsigned(self.value(key), f"key {key}")

    def bytes_of(self, key: int, size: int) -> bytes:
        """A byte string of exactly this size."""
        return bytes_of(self.value(key), size, f"key {key}")

    def text(self, key: int) -> str:
        """A text within the limit."""
        return text(self.value(key), f"key {key}")

    def array(self, key: int, maximum: int) -> list[Value]:
        """An array of at most ``maximum`` items."""
        return array(self.value(key), maximum, f"key {key}")

    def optional(self, key: int, read: Callable[[Value, str], T]) -> T | None:
        """The value of a key that may hold null; the key itself must be there."""
        value = self.value(key)
        return None if value is None else read(value, f"key {key}")


def unsigned(value: Value, place: str) -> int:
    """An unsigned integer of at most 63 bits."""
    if type(value) is not int or not 0 <= value <= MAXIMUM_INTEGER:
        raise _malformed(f"{place}: an unsigned integer was expected")
    return value


def bytes_of(value: Value, size: int, place: str) -> bytes:
    """A byte string of exactly this size."""
    if not isinstance(value, bytes) or len(value) != size:
        raise _malformed(f"{place}: {size} bytes were expected")
    return value


def any_bytes(value: Value, place: str) -> bytes:
    """A byte string of any size."""
    if not isinstance(value, bytes):
        raise _malformed(f"{place}: a byte string was expected")
    return value


def text(value: Value, place: str) -> str:
    """A text within the limit."""
    if not isinstance(value, str) or len(value.encode()) > MAXIMUM_TEXT_BYTES:
        raise _malformed(f"{place}: a text of at most {MAXIMUM_TEXT_BYTES} bytes was expected")
    return value


def array(value: Value, maximum: int, place: str) -> list[Value]:
    """An array of at most ``maximum`` items."""
    if not isinstance(value, list) or len(value) > maximum:
        raise _malformed(f"{place}: an array of at most {maximum} items was expected")
    return value


def tuple_of(value: Value, length: int, place: str) -> list[Value]:
    """An array of exactly ``length`` items."""
    if not isinstance(value, list) or len(value) != length:
        raise _malformed(f"{place}: an array of {length} items was expected")
    return value


def _malformed(detail: str) -> ProtocolError:
    return ProtocolError(ProtocolErrorCode.MALFORMED, detail)
