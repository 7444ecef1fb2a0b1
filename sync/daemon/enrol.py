"""Enrolment with a one-time code, over the network or as files.

Responsible for reading the code a person types or scans, asking the city, and believing its answer
only when the code proves it. Rules: the city's certificate is not checked in this one exchange,
because nothing is known of it yet; the MAC of the request proves us, the MAC of the answer and the
hash of the roots in a scanned code prove the city; whoever relays can only make it fail. Nothing is
written before everything fits. A refusal is a hint for a person. It must not know sync.db.
"""

import json
from collections.abc import Callable
from typing import Final, NamedTuple

import aiohttp

from sync.daemon.identity import (
    NotEnrolledError,
    Proof,
    Request,
    certificate_for,
    ensure_keys,
    make_request,
    read_enrolment,
    read_node_identity,
    write_enrolment,
)
from sync.daemon.settings import Settings, url_fault
from sync.daemon.transport import Timeouts
from sync.journal.backlog import Identity
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.enrolment import Enrolment, Expected, verify_enrolment
from sync.protocol.enrolment_code import QR_PREFIX, read_qr, read_typed
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import root_hash
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES, NONCE_BYTES
from sync.protocol.problems import PROBLEM_MEDIA_TYPE

ENROL_PATH: Final = "/v1/enrol"

CODE_MISTYPED: Final = "code_mistyped"
CODE_OTHER_STATION: Final = "code_other_station"
CODE_ADDRESS: Final = "code_address"
CITY_UNREACHABLE: Final = "city_unreachable"
CITY_REFUSES: Final = "city_refuses"
ANSWER_FORGED: Final = "answer_forged"

_TEXTS: Final = {
    CODE_MISTYPED: "this is no enrolment code, or it is mistyped: compare it with the sheet",
    CODE_OTHER_STATION: "this code is for another station; ask the city for one of this station",
    CODE_ADDRESS: "the city's address is not known: give --url, or set city.url",
    CITY_UNREACHABLE: "the city does not answer at this address; check the line and try again",
    CITY_REFUSES: "the city refuses; ask its operator",
    ANSWER_FORGED: "the answer is not from the city that made this code: stop, and tell the city",
    "code_unknown": "the city has no code for this station; ask for one",
    "code_wrong": "the code is not the last one the city gave out; five such tries end a code",
    "code_expired": "the code is past its time; ask the city for a new one",
    "code_used": "the code was used already, by somebody else; tell the city",
    "code_tries": "the code had too many wrong tries; ask the city for a new one",
    "revoked": "the city has ended this station's key; move the keys away and begin again",
    "key_taken": "this key is enrolled for another station; move the keys away and begin again",
    "other_station": "the city knows this machine as another station",
}


class EnrolError(Exception):
    """The station was not enrolled; `code` is stable, the message one line with a remedy."""

    def __init__(self, code: str, detail: str = "") -> None:
        text = _TEXTS.get(code, _TEXTS[CITY_REFUSES])
        super().__init__(f"{text} ({detail})" if detail else text)
        self.code = code


class EnrolmentOutcome(NamedTuple):
    """Where this station belongs now."""

    station: str
    city_name: str
    city_url: str


class ReadCode(NamedTuple):
    """A code as it was read; a typed one tells neither the address nor the roots."""

    secret: bytes
    city_url: str = ""
    root_hash: bytes | None = None
    station: int | None = None


def read_code(text: str) -> ReadCode:
    """The code in what was scanned or typed. Raises EnrolError."""
    try:
        if text.strip().upper().startswith(QR_PREFIX):
            code = read_qr(text)
            return ReadCode(code.secret, code.city_url, code.root_hash, code.station)
        return ReadCode(read_typed(text))
    except ProtocolError:
        raise EnrolError(CODE_MISTYPED) from None


async def enrol_with_code(
    settings: Settings,
    code_text: str,
    entropy: Callable[[int], bytes],
    *,
    url: str = "",
    timeouts: Timeouts | None = None,
) -> EnrolmentOutcome:
    """Ask the city over the network and keep its answer. Asking twice does no harm.

    Raises EnrolError, NotEnrolledError (the node never ran, or is another station), KeyFileError.
    """
    code = read_code(code_text)
    identity = await read_node_identity(settings)
    request = coded_request(settings, identity, code, entropy)
    address = _address(settings, code, url)
    answer = await _ask(address + ENROL_PATH, request.message, timeouts or Timeouts())
    return accept_answer(settings, identity, answer, code)


def coded_request(
    settings: Settings, identity: Identity, code: ReadCode, entropy: Callable[[int], bytes]
) -> Request:
    """The request with the code's MAC; the keys are made now if there are none.

    Raises EnrolError for another station's code, KeyFileError.
    """
    if code.station is not None and code.station != int(identity.station_code):
        raise EnrolError(CODE_OTHER_STATION)
    keys = ensure_keys(settings.files.keys_directory)
    return make_request(identity, keys, Proof(entropy(NONCE_BYTES), code.secret))


def accept_answer(
    settings: Settings, identity: Identity, answer: bytes, code: ReadCode | None
) -> EnrolmentOutcome:
    """Check the city's answer against the code and put it in place.

    Without a code two people must have compared fingerprints. Raises EnrolError, NotEnrolledError
    for the enrolment of another station or key, KeyFileError, OSError.
    """
    expected = Expected(None, code.root_hash, code.secret) if code else Expected()
    try:
        enrolment = verify_enrolment(answer, expected)
    except (ProtocolError, ValueError) as error:
        raise EnrolError(ANSWER_FORGED, _say(error)) from None
    certificate = certificate_for(enrolment, identity)
    keys = ensure_keys(settings.files.keys_directory)
    if keys.public != (certificate.signing_key, certificate.encryption_key):
        raise EnrolError(ANSWER_FORGED, "other keys")
    if fault := url_fault(settings.city.url or enrolment.city_url):
        raise EnrolError(ANSWER_FORGED, f"the address {fault}")
    write_enrolment(settings.files.enrolment, answer)
    return EnrolmentOutcome(identity.station_code, enrolment.city_name, enrolment.city_url)


def roots_in_words(enrolment: Enrolment) -> str:
    """The first digits of the hash of the city's roots, for two people to compare."""
    return root_hash(enrolment.keyset.keyset.root_keys).hex()[:16]


def _address(settings: Settings, code: ReadCode, url: str) -> str:
    address = url or settings.city.url or code.city_url
    if not address:
        try:
            address = read_enrolment(settings.files.enrolment).city_url
        except NotEnrolledError:
            raise EnrolError(CODE_ADDRESS) from None
    if fault := url_fault(address):
        raise EnrolError(CODE_ADDRESS, f"{address!r} {fault}")
    return address.rstrip("/")


async def _ask(address: str, message: bytes, timeouts: Timeouts) -> bytes:
    try:
        async with (
            aiohttp.ClientSession(
                timeout=timeouts.client,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity", "User-Agent": "edge-sync"},
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.post(
                address,
                data=message,
                headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE},
                ssl=False,
                allow_redirects=False,
            ) as response,
        ):
            content = await _read_limited(response)
            if response.status == 200 and response.content_type == MEDIA_TYPE:
                return content
            raise EnrolError(_refusal(response, content), f"HTTP {response.status}")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise EnrolError(CITY_UNREACHABLE, type(error).__name__) from None


async def _read_limited(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAXIMUM_CONTROL_BYTES:
            raise EnrolError(ANSWER_FORGED, "too large")
    return bytes(content)


def _refusal(response: aiohttp.ClientResponse, content: bytes) -> str:
    """The city's code for its refusal, when this is a city at all."""
    if response.content_type != PROBLEM_MEDIA_TYPE:
        return CITY_UNREACHABLE
    try:
        problem = json.loads(content)
    except ValueError:
        return CITY_UNREACHABLE
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return detail if isinstance(detail, str) and detail in _TEXTS else CITY_REFUSES


def _say(error: Exception) -> str:
    code = error.code if isinstance(error, ProtocolError) else ProtocolErrorCode.MALFORMED
    return code.value
