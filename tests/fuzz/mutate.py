"""Turns good bytes and values into nearly good ones, from one seeded source of chance."""

import random
from typing import Any

from sync.protocol.canonical import Value

INTERESTING = (0, 1, 23, 24, 255, 256, 65535, 65536, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63)
FORBIDDEN = (
    b"\xf9\x3c\x00",  # a float
    b"\xc1\x00",  # a tag
    b"\x9f\xff",  # no length
    b"\x5f\x41a\xff",
    b"\xf7",
    b"\xf8\x20",
    b"\x18\x05",  # longer than needed
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\xbb\x00\x00\x00\x01\x00\x00\x00\x00",
    b"\xd8\x1d\x00",  # a shared reference
    b"\xa2\x01\x00\xf5\x02",  # 1 and true
    b"\x81" * 20,
    b"\x81" * 15 + b"\x80",
    b"\x81" * 16 + b"\x80",
    b"\x62\xc3\x28",  # not UTF-8
)


def mutate_bytes(data: bytes, luck: random.Random, others: list[bytes]) -> bytes:
    """One to four small changes."""
    changed = bytearray(data)
    for _ in range(luck.choice((1, 1, 1, 2, 4))):
        _change(changed, luck, others)
    return bytes(changed)


def _change(data: bytearray, luck: random.Random, others: list[bytes]) -> None:
    at = luck.randrange(len(data) + 1)
    what = luck.randrange(7)
    if what == 0 and data:
        data[at % len(data)] ^= 1 << luck.randrange(8)
    elif what == 1 and data:
        data[at % len(data)] = luck.randrange(256)
    elif what == 2:
        del data[at : at + luck.choice((1, 1, 2, 8, len(data)))]
    elif what == 3:
        data[at:at] = luck.randbytes(luck.choice((1, 1, 2, 8)))
    elif what == 4:
        data[at:at] = luck.choice(FORBIDDEN)
    elif what == 5:
        other = luck.choice(others)
        cut = luck.randrange(len(other) + 1)
        data[at:] = other[cut : cut + 200]
    else:
        end = min(len(data), at + luck.randrange(1, 16))
        data[at:at] = data[at:end]


def random_value(luck: random.Random, depth: int = 0) -> Value:
    """A value that the protocol allows, of any shape."""
    kind = luck.randrange(8 if depth < 4 else 5)
    if kind < 5:
        return _scalar(kind, luck)
    if kind < 7:
        return [random_value(luck, depth + 1) for _ in range(luck.randrange(4))]
    return {
        luck.choice((luck.randrange(30), -luck.randrange(1, 30), "key", 100 + luck.randrange(9))): (
            random_value(luck, depth + 1)
        )
        for _ in range(luck.randrange(4))
    }


def _scalar(kind: int, luck: random.Random) -> Value:
    if kind == 0:
        return luck.choice(INTERESTING) * luck.choice((1, 1, -1))
    if kind == 1:
        return luck.randbytes(luck.choice((0, 1, 8, 16, 32, 33)))
    if kind == 2:
        return luck.choice(("", "a", "Phường Bà Rịa", "\x00", "x" * 24))
    if kind == 3:
        return luck.choice((True, False, None))
    return luck.randrange(40)


def mutate_value(value: Any, luck: random.Random) -> Any:
    """The same structure with one place in it changed."""
    if isinstance(value, dict) and value and luck.random() < 0.85:
        return _mutate_map(value, luck)
    if isinstance(value, list) and value and luck.random() < 0.85:
        return _mutate_list(value, luck)
    if isinstance(value, bytes) and luck.random() < 0.7:
        return _mutate_string(value, luck)
    if type(value) is int and luck.random() < 0.7:
        return luck.choice((value + 1, value - 1, -value, *INTERESTING))
    return random_value(luck)


def _mutate_map(value: dict[Any, Any], luck: random.Random) -> dict[Any, Any]:
    changed = dict(value)
    key = luck.choice(list(value))
    what = luck.randrange(10)
    if what == 0:
        del changed[key]
    elif what == 1:
        changed[luck.choice((*range(24), 50, 99, 100, 101, -1, "1"))] = random_value(luck)
    else:
        changed[key] = mutate_value(value[key], luck)
    return changed


def _mutate_list(value: list[Any], luck: random.Random) -> list[Any]:
    changed = list(value)
    at = luck.randrange(len(value))
    what = luck.randrange(8)
    if what == 0:
        del changed[at]
    elif what == 1:
        changed.insert(at, value[at])
    elif what == 2:
        changed *= luck.choice((2, 20, 600))
    else:
        changed[at] = mutate_value(value[at], luck)
    return changed


def _mutate_string(value: bytes, luck: random.Random) -> bytes:
    if not value or luck.random() < 0.4:
        return value + luck.randbytes(luck.choice((1, 16)))
    if luck.random() < 0.5:
        return value[: luck.randrange(len(value))]
    at = luck.randrange(len(value))
    return value[:at] + luck.randbytes(1) + value[at + 1 :]
