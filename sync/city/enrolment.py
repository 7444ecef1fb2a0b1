"""Takes a station in: from its request to the enrolment it carries home.

Responsible for: checking that the request was signed by the key it names, certifying that key,
putting the station's file in place and writing the answer. Rules: a station that is known under
another key is replaced only when the operator says so. It must not know batches or HTTP.
"""

from pathlib import Path
from typing import NamedTuple

from sync.certificates import PUBLIC_MODE, write_whole
from sync.city.identity import CityIdentity
from sync.city.stations import StationDirectory, write_station
from sync.dictionary import DICTIONARIES
from sync.protocol.cose import raw_key_id
from sync.protocol.enrolment import (
    Enrolment,
    StationCertificate,
    StationRequest,
    fingerprint,
    sign_certificate,
    sign_enrolment,
    verify_request,
)
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES


class EnrolmentError(Exception):
    """The station was not enrolled; the message is one line for the operator."""


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
    """What the person at the city decides."""

    name: str
    station: int | None
    replace: bool
    serial: int


def enrol(
    identity: CityIdentity, facts: CityFacts, folder: Path, request: bytes, operator: Operator
) -> tuple[Enrolled, bytes]:
    """Certify the station in `request`; the answer for it. Raises EnrolmentError."""
    asked = _read(request)
    if operator.station is not None and operator.station != asked.station:
        message = f"the request is from station {asked.station}, not {operator.station}"
        raise EnrolmentError(message)
    _check_known(identity, folder, asked, replace=operator.replace)
    certificate = sign_certificate(
        StationCertificate(
            city_id=identity.city_id,
            node_id=asked.node_id,
            station=asked.station,
            signing_key=asked.signing_key,
            encryption_key=asked.encryption_key,
            hardware_id=asked.hardware_id,
            serial=operator.serial,
            not_after_ms=None,
        ),
        identity.ca_key,
    )
    write_station(folder, asked.node_id, certificate, operator.name)
    answer = sign_enrolment(
        Enrolment(
            city_id=identity.city_id,
            city_name=facts.name,
            city_url=facts.url,
            ca_pem=facts.ca_pem,
            keyset=identity.keyset,
            certificate=certificate,
            dictionaries=tuple(sorted(DICTIONARIES)),
        ),
        identity.receipt_key,
    )
    return Enrolled(asked.station, asked.node_id, fingerprint(request)), answer


def read_request(path: Path) -> bytes:
    """The bytes of a request file. Raises EnrolmentError."""
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_CONTROL_BYTES + 1)
    except OSError as error:
        raise EnrolmentError(f"{path}: {error.strerror}") from None


def write_answer(path: Path, answer: bytes) -> None:
    """Put the enrolment where the operator asked for it. Raises EnrolmentError."""
    try:
        write_whole(path, answer, mode=PUBLIC_MODE)
    except OSError as error:
        raise EnrolmentError(f"{path}: {error.strerror}") from None


def _read(request: bytes) -> StationRequest:
    try:
        return verify_request(request)
    except ProtocolError as error:
        raise EnrolmentError(f"not a station's request: {error}") from None


def _check_known(
    identity: CityIdentity, folder: Path, asked: StationRequest, *, replace: bool
) -> None:
    kid = raw_key_id(asked.signing_key)
    for known in StationDirectory(folder, identity.ca_public).all():
        if known.node_id == asked.node_id and known.kid != kid and not replace:
            raise EnrolmentError("this station is enrolled with another key; see --replace")
        if known.kid == kid and known.node_id != asked.node_id:
            raise EnrolmentError("this key is enrolled for another station")
