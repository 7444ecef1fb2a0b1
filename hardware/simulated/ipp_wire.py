"""IPP messages as bytes (RFC 8010).

Responsible for decoding requests and encoding responses of the simulated IPP printer.
Rules: pure; a length that points outside the message is an error, never a crash; attributes keep
their order and their tags.
Must not know: printers, jobs, HTTP.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

HEADER_BYTES = 8
MAXIMUM_ATTRIBUTES = 2000

Value: TypeAlias = int | bool | str | bytes


class Tag(IntEnum):
    """Delimiter and value tags in use here (RFC 8010 section 3.5)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A


_LAST_DELIMITER = 0x0F
_TEXTUAL = range(0x41, 0x4A)


class WireError(ValueError):
    """The bytes are not an IPP message."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name with one or more values of one tag."""

    name: str
    tag: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A delimiter tag and its attributes in order."""

    tag: int
    attributes: tuple[Attribute, ...]

    def first(self, name: str) -> Value | None:
        """The first value of the attribute, None without it."""
        return next((a.values[0] for a in self.attributes if a.name == name), None)

    def all(self, name: str) -> tuple[Value, ...]:
        """All values of the attribute."""
        return next((a.values for a in self.attributes if a.name == name), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request (`code` = operation) or response (`code` = status)."""

    version: tuple[int, int] = (2, 0)
    code: int
    request_id: int
    groups: tuple[Group, ...] = ()
    data: bytes = b""

    def group(self, tag: int) -> Group:
        """The first group with this tag, an empty one without it."""
        return next((g for g in self.groups if g.tag == tag), Group(tag, ()))


@dataclass(slots=True)
class _Cursor:
    data: bytes
    at: int = 0
    attributes: int = field(default=0)

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise WireError("message ends early")
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")


def decode(data: bytes) -> Message:
    """The message in `data`. `WireError` when it is not one."""
    cursor = _Cursor(data)
    major, minor, code, request_id = struct.unpack(">BBHI", cursor.take(HEADER_BYTES))
    groups: list[Group] = []
    delimiter = cursor.take(1)[0]
    while delimiter != Tag.END:
        if delimiter > _LAST_DELIMITER:
            raise WireError("attribute outside a group")
        attributes, next_delimiter = _decode_group(cursor)
        groups.append(Group(delimiter, attributes))
        delimiter = next_delimiter
    return Message(
        version=(major, minor),
        code=code,
        request_id=request_id,
        groups=tuple(groups),
        data=data[cursor.at :],
    )


def _decode_group(cursor: _Cursor) -> tuple[tuple[Attribute, ...], int]:
    """The attributes up to the next delimiter, and that delimiter."""
    attributes: list[Attribute] = []
    while (tag := cursor.take(1)[0]) > _LAST_DELIMITER:
        cursor.attributes += 1
        if cursor.attributes > MAXIMUM_ATTRIBUTES:
            raise WireError("too many attributes")
        name = cursor.take(cursor.number()).decode("utf-8", "replace")
        value = _decode_value(tag, cursor.take(cursor.number()))
        if name:
            attributes.append(Attribute(name, tag, (value,)))
        elif attributes:
            last = attributes[-1]
            attributes[-1] = Attribute(last.name, last.tag, (*last.values, value))
        else:
            raise WireError("value without a name")
    return tuple(attributes), tag


def _decode_value(tag: int, value: bytes) -> Value:
    if tag in {Tag.INTEGER, Tag.ENUM}:
        if len(value) != 4:
            raise WireError("integer of a wrong length")
        return int.from_bytes(value, "big", signed=True)
    if tag == Tag.BOOLEAN:
        return value == b"\x01"
    return value.decode("utf-8", "replace") if tag in _TEXTUAL else value


def encode(message: Message) -> bytes:
    """The bytes of the message."""
    parts = [struct.pack(">BBHI", *message.version, message.code, message.request_id)]
    for group in message.groups:
        parts.append(bytes([group.tag]))
        parts += [_encode_attribute(attribute) for attribute in group.attributes]
    return b"".join([*parts, bytes([Tag.END]), message.data])


def _encode_attribute(attribute: Attribute) -> bytes:
    encoded = b""
    for index, value in enumerate(attribute.values):
        name = attribute.name.encode() if index == 0 else b""
        raw = _encode_value(value)
        encoded += struct.pack(">BH", attribute.tag, len(name)) + name
        encoded += struct.pack(">H", len(raw)) + raw
    return encoded


def _encode_value(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"\x01" if value else b"\x00"
    if isinstance(value, int):
        return struct.pack(">i", value)
    return value.encode() if isinstance(value, str) else value


def attribute(name: str, tag: Tag, *values: Value) -> Attribute:
    """Short for an attribute with these values."""
    return Attribute(name, tag, values)


def resolution(dots_per_inch: int) -> bytes:
    """A resolution value, the same in both directions."""
    return struct.pack(">iib", dots_per_inch, dots_per_inch, 3)


def collection(name: str, *members: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """A collection (RFC 8010 section 3.1.6) as the flat run of attributes the wire has."""
    return (
        Attribute(name, Tag.BEGIN_COLLECTION, (b"",)),
        *(part for member in members for part in member),
        Attribute("", Tag.END_COLLECTION, (b"",)),
    )


def member(name: str, *value: Attribute) -> tuple[Attribute, ...]:
    """One member of a collection; `value` is a nameless attribute or a nameless collection."""
    return (Attribute("", Tag.MEMBER_NAME, (name,)), *value)
