"""Takes stations in: by the operator's word, by a one-time code, or by a station's earlier key.

Responsible for: who may have a certificate, certifying, putting the station's file on the shelf,
and the answer. Rules: the request is signed by the key it names; what gives it the right is the
operator, the MAC of this station's code, or the signature of its key in use; asking the same again
gives the same again, because an answer may be lost; an earlier key goes on counting for batches
unless the operator replaced it. It must not know HTTP.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from sync.city.shelf import Shelf
from sync.city.trust.codes import GOOD, Claim, CodeBook, Verdict
from sync.city.trust.identity import CityIdentity
from sync.city.trust.stations import (
    STATIONS,
    Station,
    StationDirectory,
    StationFile,
    pack_station,
    read_content,
    station_name,
)
from sync.dictionary import DICTIONARIES
from sync.protocol.canonical import decode
from sync.protocol.certificate import StationCertificate, sign_certificate, verify_certificate
from sync.protocol.cose import raw_key_id, unverified_payload
from sync.protocol.enrolment import Enrolment, fingerprint, sign_enrolment
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import keys_by_id
from sync.protocol.rekey import verify_rekey
from sync.protocol.request import StationRequest, verify_request

_DAY_MS: Final = 86_400_000
_REQUEST_MAC: Final = 9
CERTIFICATE_DAYS: Final = 730
RENEW_DAYS: Final = 60
"""Fewer days left, and whoever asks gets a certificate with a new end; stations ask at 30."""


class Fault(StrEnum):
    """Why a station is not taken in; the codes of one-time codes are `codes.Verdict`."""

    NOT_A_REQUEST = "not_a_request"
    OTHER_STATION = "other_station"
    OTHER_KEY = "other_key"
    KEY_TAKEN = "key_taken"
    REVOKED = "revoked"
    EXPIRED = "expired"
    STRANGER = "unknown_key"


_TEXTS: Final = {
    Fault.NOT_A_REQUEST: "not a station's request",
    Fault.OTHER_STATION: "the request is from another station",
    Fault.OTHER_KEY: "this station is enrolled with another key; see --replace",
    Fault.KEY_TAKEN: "this key is enrolled for another station",
    Fault.REVOKED: "this key is revoked; the station must make new keys",
    Fault.EXPIRED: "this key's certificate has ended; give the station a new code",
    Fault.STRANGER: "no station in service has signed this",
    Verdict.NO_CODE: "there is no code for this station",
    Verdict.WRONG: "the code is wrong",
    Verdict.EXPIRED: "the code is past its time",
    Verdict.USED: "the code was used by somebody else",
    Verdict.EXHAUSTED: "the code had too many wrong tries",
}


class EnrolmentError(Exception):
    """The station was not enrolled; the message is one line, `fault` its stable code."""

    def __init__(self, fault: "Fault | Verdict", detail: str = "") -> None:
        super().__init__(f"{_TEXTS[fault]}: {detail}" if detail else _TEXTS[fault])
        self.fault = fault


class CityFacts(NamedTuple):
    """What every station is told about its city."""

    name: str
    url: str
    ca_pem: str


class Enrolled(NamedTuple):
    """The outcome: who was enrolled and the fingerprint to compare with the station's screen."""

    station: int
    node_id: bytes
    fingerprint: str


class Operator(NamedTuple):
    """What the person at the city decides; empty and None leave it as it is."""

    name: str = ""
    station: int | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Registrar:
    """What taking in needs; `clock_ms` reads milliseconds since 1970 UTC.

    `facts` is asked each time: the address is known once the server listens.
    """

    identity: CityIdentity
    shelf: Shelf
    stations: StationDirectory
    facts: Callable[[], CityFacts]
    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


class _Grant(NamedTuple):
    """How a certificate is put on the shelf."""

    name: str = ""
    keep_earlier: bool = True


async def enrol(registrar: Registrar, message: bytes, operator: Operator) -> tuple[Enrolled, bytes]:
    """Take in the station whose request a person brought. Raises EnrolmentError, ArchiveError.

    A request that was made with a code is held against this code, and uses it up.
    """
    asked = _read(message)
    if operator.station is not None and operator.station != asked.station:
        raise EnrolmentError(Fault.OTHER_STATION, f"{asked.station}, not {operator.station}")
    await registrar.stations.refresh()
    known = registrar.stations.find_node(asked.node_id)
    if known and known.kid != raw_key_id(asked.signing_key) and not operator.replace:
        raise EnrolmentError(Fault.OTHER_KEY)
    grant = _Grant(operator.name, keep_earlier=not operator.replace)
    answer = await _take_in(registrar, asked, grant, await _code_of(registrar, asked, message))
    return Enrolled(asked.station, asked.node_id, fingerprint(message)), answer


async def enrol_by_code(registrar: Registrar, message: bytes) -> bytes:
    """The enrolment for a request that shows its station's code. Raises EnrolmentError.

    The code is used up before anything is signed; the same station may ask again while it lives.
    """
    asked = _read(message)
    await registrar.stations.refresh()
    _check_free(registrar, asked)
    verdict, code = await CodeBook(registrar.shelf).present(
        asked.station, lambda secret: _claim(message, asked, secret), registrar.clock_ms()
    )
    if verdict not in GOOD or code is None:
        raise EnrolmentError(verdict)
    return await _take_in(registrar, asked, _Grant(code.name), code.secret)


async def rekey(registrar: Registrar, message: bytes) -> bytes:
    """The enrolment under new keys, or under the same ones with a later end.

    Only the station's key in use may ask; once the new one is in use, the one before it may repeat
    its question, so that a lost answer can be had again. Raises EnrolmentError.
    """
    await registrar.stations.look_for_stranger()
    try:
        verified = verify_rekey(message, registrar.stations.find_key)
    except ProtocolError as error:
        fault = (
            Fault.STRANGER if error.code is ProtocolErrorCode.UNKNOWN_KEY else Fault.NOT_A_REQUEST
        )
        raise EnrolmentError(fault, str(error)) from None
    asked, old = verified.request, registrar.stations.find(verified.old_kid)
    if old is None or (old.node_id, old.code) != (asked.node_id, asked.station):
        raise EnrolmentError(Fault.STRANGER)
    _check_vouches(registrar, old, raw_key_id(asked.signing_key))
    return await _take_in(registrar, asked, _Grant(), None)


def _check_vouches(registrar: Registrar, old: Station, new_kid: bytes) -> None:
    if registrar.stations.revoked(old.kid):
        raise EnrolmentError(Fault.REVOKED)
    if old.not_after_ms is not None and old.not_after_ms <= registrar.clock_ms():
        raise EnrolmentError(Fault.EXPIRED)
    current = registrar.stations.find_node(old.node_id)
    if current is None or current.kid not in {old.kid, new_kid}:
        raise EnrolmentError(Fault.STRANGER)


async def _code_of(registrar: Registrar, asked: StationRequest, message: bytes) -> bytes | None:
    """The secret the request was made with, used up now; None when it carries no MAC."""
    if not _has_mac(message):
        return None
    verdict, code = await CodeBook(registrar.shelf).present(
        asked.station, lambda secret: _claim(message, asked, secret), registrar.clock_ms()
    )
    if verdict not in GOOD or code is None:
        raise EnrolmentError(verdict)
    return code.secret


def _has_mac(message: bytes) -> bool:
    fields = decode(unverified_payload(message))
    return isinstance(fields, dict) and fields.get(_REQUEST_MAC) is not None


def _claim(message: bytes, asked: StationRequest, secret: bytes) -> Claim:
    parts = asked.node_id + asked.signing_key + asked.encryption_key
    who = hashlib.sha256(parts).digest()
    try:
        verify_request(message, secret)
    except ProtocolError:
        return Claim(who, proved=False)
    return Claim(who, proved=True)


def _read(message: bytes) -> StationRequest:
    try:
        return verify_request(message)
    except ProtocolError as error:
        raise EnrolmentError(Fault.NOT_A_REQUEST, str(error)) from None


def _check_free(registrar: Registrar, asked: StationRequest) -> None:
    """That no certificate of somebody else stands in the way."""
    kid = raw_key_id(asked.signing_key)
    holder, known = registrar.stations.find(kid), registrar.stations.any_node(asked.node_id)
    if registrar.stations.revoked(kid):
        raise EnrolmentError(Fault.REVOKED)
    if holder is not None and holder.node_id != asked.node_id:
        raise EnrolmentError(Fault.KEY_TAKEN)
    if known is not None and known.code != asked.station:
        raise EnrolmentError(Fault.OTHER_STATION, f"{asked.station}, not {known.code}")


async def _take_in(
    registrar: Registrar, asked: StationRequest, grant: _Grant, secret: bytes | None
) -> bytes:
    """Certify, put it on the shelf, make it known to this process; the answer."""
    _check_free(registrar, asked)
    name = station_name(asked.node_id)
    while True:
        content = await registrar.shelf.read(STATIONS, name)
        before = read_content(content) if content else None
        file = _file_after(registrar, asked, grant, before)
        if file == before or await registrar.shelf.swap(
            STATIONS, name, content, pack_station(file)
        ):
            break
    await registrar.stations.refresh()
    identity, facts = registrar.identity, registrar.facts()
    enrolment = Enrolment(
        city_id=identity.city_id,
        city_name=facts.name,
        city_url=facts.url,
        ca_pem=facts.ca_pem,
        keyset=identity.keyset,
        certificate=file.certificate,
        dictionaries=tuple(sorted(DICTIONARIES)),
    )
    return sign_enrolment(enrolment, identity.receipt_key, secret)


def _file_after(
    registrar: Registrar, asked: StationRequest, grant: _Grant, before: StationFile | None
) -> StationFile:
    name = grant.name or (before.name if before else "")
    current = _read_certificate(registrar, before.certificate) if before else None
    if before is None or current is None:
        return StationFile(_certify(registrar, asked), name)
    if _still_good(current, asked, registrar.clock_ms()):
        return before._replace(name=name)
    same_key = current.signing_key == asked.signing_key
    earlier = before.earlier if same_key else (before.certificate, *before.earlier)
    return StationFile(_certify(registrar, asked), name, earlier if grant.keep_earlier else ())


def _still_good(current: StationCertificate, asked: StationRequest, now_ms: int) -> bool:
    same = (current.signing_key, current.encryption_key, current.station) == (
        asked.signing_key,
        asked.encryption_key,
        asked.station,
    )
    end_ms = current.not_after_ms
    return same and end_ms is not None and end_ms - now_ms > RENEW_DAYS * _DAY_MS


def _read_certificate(registrar: Registrar, message: bytes) -> StationCertificate | None:
    try:
        return verify_certificate(message, keys_by_id(registrar.identity.keyset.keyset.ca_keys))
    except ProtocolError:
        return None


def _certify(registrar: Registrar, asked: StationRequest) -> bytes:
    return sign_certificate(
        StationCertificate(
            city_id=registrar.identity.city_id,
            node_id=asked.node_id,
            station=asked.station,
            signing_key=asked.signing_key,
            encryption_key=asked.encryption_key,
            hardware_id=asked.hardware_id,
            serial=int.from_bytes(registrar.entropy(7), "big"),
            not_after_ms=registrar.clock_ms() + CERTIFICATE_DAYS * _DAY_MS,
        ),
        registrar.identity.ca_key,
    )
