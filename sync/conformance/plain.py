"""CBOR values as JSON and back: byte strings are texts ``h:…``, integer map keys are texts."""

from typing import Any, TypeAlias

from sync.protocol.canonical import Value

Json: TypeAlias = Any
"""What ``json`` reads and writes."""


def plain(value: Value) -> Json:
    """The JSON form of a value."""
    if isinstance(value, bytes):
        return f"h:{value.hex()}"
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def unplain(value: Json) -> Value:
    """The value of a JSON form; texts that look like integers are integer map keys."""
    if isinstance(value, str):
        return bytes.fromhex(value[2:]) if value.startswith("h:") else value
    if isinstance(value, list):
        return [unplain(item) for item in value]
    if isinstance(value, dict):
        return {_key(key): unplain(item) for key, item in value.items()}
    if value is None or isinstance(value, int):
        return value
    raise ValueError(type(value).__name__)


def _key(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text
