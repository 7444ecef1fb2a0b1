"""Transfer codes: NAPAS, "Quy định về định dạng mã VietQR", version 1.0 (09/2021), EMV layout.

Rules: what is built is exact and reproducible; what is read is checked whole (CRC, lengths, order,
presence) and a fault has a name and the tag it is at. No diacritics, no decimals of a đồng, under
500 million đồng in one transfer. A code of another scheme is "not VietQR", not "broken".
This module must not know payments, and holds no account: beneficiaries come from a signed release.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode

MAXIMUM_AMOUNT_VND = 499_999_999
MAXIMUM_PAYLOAD_CHARACTERS = 512
MAXIMUM_VALUE_CHARACTERS = 99
MAXIMUM_ADDITIONAL_CHARACTERS = 25

_NAPAS = "A000000727"
_TO_ACCOUNT: Final = "QRIBFTTA"
_CURRENCY_VND = "704"
_ADDITIONAL_TAGS = tuple(f"{tag:02d}" for tag in range(1, 9))
_BANK_NUMBER = re.compile(r"[0-9]{6}")
_ACCOUNT = re.compile(r"[0-9A-Za-z]{1,19}")
_ADDITIONAL = re.compile(r"[!-~](?:[ -~]{0,23}[!-~])?")
_HEADER = re.compile(r"[0-9]{4}")
_CRC = re.compile(r"[0-9A-Fa-f]{4}")
_AMOUNT = re.compile(r"(?=.{1,13}\Z)([0-9]+)(?:\.0{0,2})?")
_NONE: Mapping[str, str] = MappingProxyType({})


class PayloadFault(StrEnum):
    """Why a text is not a sound transfer code."""

    NOT_ASCII = "not_ascii"
    TOO_LONG = "too_long"
    NO_CRC = "no_crc"
    CRC = "crc"
    HEADER = "header"
    CUT = "cut"
    EMPTY = "empty"
    DUPLICATE = "duplicate"
    ORDER = "order"
    NOT_VIETQR = "not_vietqr"
    MISSING = "missing"
    VALUE = "value"


class PayloadError(Exception):
    """A refused transfer code; `tag` is the path of the object at fault, such as `38.01.00`."""

    def __init__(self, fault: PayloadFault, tag: str = "") -> None:
        super().__init__(f"{fault.value} at {tag}" if tag else fault.value)
        self.fault = fault
        self.tag = tag


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What a transfer code asks for; `additional` are the sub-tags of 62 (08 is the purpose)."""

    bank_number: str
    account: str
    service: str = _TO_ACCOUNT
    initiation: Literal["static", "dynamic"]
    amount_vnd: int | None = None
    additional: Mapping[str, str] = _NONE

    @property
    def purpose(self) -> str:
        """The text that travels with the money; empty if none."""
        return self.additional.get("08", "")


def build_payload(
    *,
    bank_number: str,
    account: str,
    amount_vnd: int | None = None,
    additional: Mapping[str, str] = _NONE,
    service: Literal["QRIBFTTA", "QRIBFTTC"] = _TO_ACCOUNT,
) -> str:
    """The code of a transfer: dynamic with an amount in đồng (one payment), static without.

    Raises DomainError: BANK_NUMBER_INVALID, ACCOUNT_INVALID, AMOUNT_INVALID, AMOUNT_TOO_LARGE,
    PURPOSE_CHARACTERS, PURPOSE_TOO_LONG (for any sub-tag of 62, with tag and maximum).
    """
    if not _BANK_NUMBER.fullmatch(bank_number):
        raise DomainError(ErrorCode.BANK_NUMBER_INVALID)
    if not _ACCOUNT.fullmatch(account):
        raise DomainError(ErrorCode.ACCOUNT_INVALID)
    payee = _object("00", bank_number) + _object("01", account)
    beneficiary = _object("00", _NAPAS) + _object("01", payee) + _object("02", service)
    parts = [
        _object("00", "01"),
        _object("01", "11" if amount_vnd is None else "12"),
        _object("38", beneficiary),
        _object("53", _CURRENCY_VND),
        "" if amount_vnd is None else _object("54", _amount_text(amount_vnd)),
        _object("58", "VN"),
        _additional_object(additional),
        "6304",
    ]
    body = "".join(parts)
    return body + _crc(body)


def parse_payload(text: str) -> Transfer:
    """The transfer a code asks for, after checking all of it. Raises PayloadError."""
    if not text.isascii():
        raise PayloadError(PayloadFault.NOT_ASCII)
    if len(text) > MAXIMUM_PAYLOAD_CHARACTERS:
        raise PayloadError(PayloadFault.TOO_LONG)
    if text[-8:-4] != "6304" or not _CRC.fullmatch(text[-4:]):
        raise PayloadError(PayloadFault.NO_CRC, "63")
    if _crc(text[:-4]) != text[-4:].upper():
        raise PayloadError(PayloadFault.CRC, "63")
    root = _objects(text, "")
    _check_root(root)
    service, payee = _beneficiary(root["38"])
    return Transfer(
        bank_number=_value(payee, "00", _BANK_NUMBER, "38.01."),
        account=_value(payee, "01", _ACCOUNT, "38.01."),
        service=service,
        initiation="static" if root["01"] == "11" else "dynamic",
        amount_vnd=_amount(root["54"]) if "54" in root else None,
        additional=_additional(root["62"]) if "62" in root else _NONE,
    )


def _check_root(root: Mapping[str, str]) -> None:
    order = tuple(root)
    if order[0] != "00" or order[-1] != "63":
        raise PayloadError(PayloadFault.ORDER, order[0] if order[0] != "00" else order[-1])
    if "38" not in root:
        raise PayloadError(PayloadFault.NOT_VIETQR, "38")
    for tag, values in (("00", ("01",)), ("01", ("11", "12")), ("53", ("704",)), ("58", ("VN",))):
        if tag not in root:
            raise PayloadError(PayloadFault.MISSING, tag)
        if root[tag] not in values:
            raise PayloadError(PayloadFault.VALUE, tag)


def _beneficiary(value: str) -> tuple[str, Mapping[str, str]]:
    """Service code ("" if absent) and payee objects of tag 38."""
    objects = _objects(value, "38.")
    if objects.get("00") != _NAPAS:
        raise PayloadError(PayloadFault.NOT_VIETQR, "38.00")
    if "01" not in objects:
        raise PayloadError(PayloadFault.MISSING, "38.01")
    return objects.get("02", ""), _objects(objects["01"], "38.01.")


def _additional(value: str) -> Mapping[str, str]:
    objects = _objects(value, "62.")
    for tag, text in objects.items():
        if tag in _ADDITIONAL_TAGS and len(text) > MAXIMUM_ADDITIONAL_CHARACTERS:
            raise PayloadError(PayloadFault.VALUE, f"62.{tag}")
    return objects


def _amount(text: str) -> int:
    match = _AMOUNT.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise PayloadError(PayloadFault.VALUE, "54")
    return int(match[1])


def _value(objects: Mapping[str, str], tag: str, form: re.Pattern[str], path: str) -> str:
    if tag not in objects:
        raise PayloadError(PayloadFault.MISSING, path + tag)
    if not form.fullmatch(objects[tag]):
        raise PayloadError(PayloadFault.VALUE, path + tag)
    return objects[tag]


def _objects(text: str, path: str) -> Mapping[str, str]:
    """The objects of one level by tag, in the order written."""
    objects: dict[str, str] = {}
    for tag, value in _split(text, path):
        if tag in objects:
            raise PayloadError(PayloadFault.DUPLICATE, path + tag)
        objects[tag] = value
    return objects


def _split(text: str, path: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        header = text[position : position + 4]
        # int() alone would take signs, blanks and underscores.
        if not _HEADER.fullmatch(header):
            raise PayloadError(PayloadFault.HEADER, path + header[:2])
        tag, length = header[:2], int(header[2:])
        value = text[position + 4 : position + 4 + length]
        if length == 0:
            raise PayloadError(PayloadFault.EMPTY, path + tag)
        if len(value) < length:
            raise PayloadError(PayloadFault.CUT, path + tag)
        yield tag, value
        position += 4 + length


def _additional_object(additional: Mapping[str, str]) -> str:
    if not additional:
        return ""
    for tag, text in additional.items():
        if tag not in _ADDITIONAL_TAGS or not _ADDITIONAL.fullmatch(text):
            too_long = len(text) > MAXIMUM_ADDITIONAL_CHARACTERS
            code = ErrorCode.PURPOSE_TOO_LONG if too_long else ErrorCode.PURPOSE_CHARACTERS
            raise DomainError(code, tag=f"62.{tag}", maximum=MAXIMUM_ADDITIONAL_CHARACTERS)
    value = "".join(_object(tag, additional[tag]) for tag in sorted(additional))
    if len(value) > MAXIMUM_VALUE_CHARACTERS:
        raise DomainError(ErrorCode.PURPOSE_TOO_LONG, tag="62", maximum=MAXIMUM_VALUE_CHARACTERS)
    return _object("62", value)


def _amount_text(amount_vnd: int) -> str:
    if amount_vnd < 1:
        raise DomainError(ErrorCode.AMOUNT_INVALID)
    if amount_vnd > MAXIMUM_AMOUNT_VND:
        raise DomainError(ErrorCode.AMOUNT_TOO_LARGE, maximum=MAXIMUM_AMOUNT_VND)
    return str(amount_vnd)


def _object(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def _crc(text: str) -> str:
    """CRC-16/CCITT-FALSE of the text, four upper-case hexadecimal digits."""
    return f"{binascii.crc_hqx(text.encode('ascii'), 0xFFFF):04X}"
