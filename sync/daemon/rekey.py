"""New keys for the station, or the same ones for longer, asked for under the key in use.

Responsible for the order of the steps, so that a cut anywhere leaves a station that works: the next
keys are on the disk before the city hears of them; the city's answer is verified before it is put
in place, and putting it in place is what changes the keys; only then the old ones go. Until then
the old one is in use, and asking again is harmless. It must not know sync.db.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from sync.daemon.enrol import ANSWER_FORGED, CITY_REFUSES, CITY_UNREACHABLE, EnrolError
from sync.daemon.identity import (
    Credentials,
    Keys,
    Proof,
    certificate_for,
    ensure_next_keys,
    make_request,
    settle_keys,
    write_enrolment,
)
from sync.daemon.ports import Line
from sync.daemon.ports import Request as Question
from sync.daemon.settings import Settings
from sync.daemon.transport import TransportError
from sync.protocol.enrolment import Enrolment, Expected, verify_enrolment
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import Keyset
from sync.protocol.limits import NONCE_BYTES
from sync.protocol.rekey import sign_rekey

REKEY_PATH: Final = "/v1/rekey"
RENEW_DAYS: Final = 30
RENEWAL_LOOK_S: Final = 3600.0
_DAY_MS: Final = 86_400_000

_log = logging.getLogger(__name__)


def needs_renewal(credentials: Credentials, city_time_ms: int) -> bool:
    """Whether the certificate ends within 30 days of the city's signed time."""
    end_ms = certificate_for(credentials.enrolment, credentials.identity).not_after_ms
    return end_ms is not None and end_ms - city_time_ms < RENEW_DAYS * _DAY_MS


async def renew(
    settings: Settings,
    credentials: Credentials,
    line: Line,
    keyset: Keyset,
    entropy: Callable[[int], bytes],
) -> Enrolment:
    """The same keys with a later end, put in place. `keyset` is the one in use.

    Raises EnrolError, OSError when the enrolment cannot be written.
    """
    message = _question(credentials, credentials.keys, entropy)
    answer = await _asked(line, message)
    enrolment = _believed(credentials, answer, credentials.keys, keyset)
    write_enrolment(settings.files.enrolment, answer)
    return enrolment


async def rotate_keys(
    settings: Settings,
    credentials: Credentials,
    line: Line,
    keyset: Keyset,
    entropy: Callable[[int], bytes],
) -> Enrolment:
    """New keys, in use from the return on. `keyset` is the one in use.

    Raises EnrolError, KeyFileError, OSError; the old keys are in use then, or the change is
    finished by the next call or the next start.
    """
    directory = settings.files.keys_directory
    settle_keys(directory, certificate_for(credentials.enrolment, credentials.identity))
    following = ensure_next_keys(directory)
    answer = await _asked(line, _question(credentials, following, entropy))
    enrolment = _believed(credentials, answer, following, keyset)
    write_enrolment(settings.files.enrolment, answer)
    settle_keys(directory, certificate_for(enrolment, credentials.identity))
    return enrolment


class Renewal(NamedTuple):
    """What renewing in the background takes; `city_time_ms` is the city's last signed time."""

    settings: Settings
    credentials: Credentials
    line: Line
    keyset: Callable[[], Keyset]
    entropy: Callable[[int], bytes]
    city_time_ms: Callable[[], Awaitable[int | None]]


async def keep_renewing(renewal: Renewal) -> None:
    """Ask for a later end in time, for ever; what fails is tried again an hour later."""
    while True:
        await asyncio.sleep(RENEWAL_LOOK_S)
        await renew_in_time(renewal)


async def renew_in_time(renewal: Renewal) -> bool:
    """Renew if it is time; whether it was done."""
    city_time_ms = await renewal.city_time_ms()
    if city_time_ms is None or not needs_renewal(renewal.credentials, city_time_ms):
        return False
    try:
        await renew(
            renewal.settings,
            renewal.credentials,
            renewal.line,
            renewal.keyset(),
            renewal.entropy,
        )
    except (EnrolError, OSError) as error:
        _log.warning("the certificate is not renewed yet: %s", error)
        return False
    return True


def _question(credentials: Credentials, keys: Keys, entropy: Callable[[int], bytes]) -> bytes:
    request = make_request(credentials.identity, keys, Proof(entropy(NONCE_BYTES)))
    return sign_rekey(request.message, credentials.keys.signing)


async def _asked(line: Line, message: bytes) -> bytes:
    try:
        answer = await line.ask(Question("POST", REKEY_PATH, message))
    except TransportError as error:
        raise EnrolError(CITY_UNREACHABLE, str(error)) from None
    if answer.status != 200:
        raise EnrolError(CITY_REFUSES, f"HTTP {answer.status}")
    return answer.body


def _believed(credentials: Credentials, answer: bytes, keys: Keys, keyset: Keyset) -> Enrolment:
    """The enrolment, when it follows from the keyset in use and names these keys."""
    try:
        enrolment = verify_enrolment(answer, Expected(trusted=keyset))
    except (ProtocolError, ValueError) as error:
        raise EnrolError(ANSWER_FORGED, str(error)) from None
    certificate = certificate_for(enrolment, credentials.identity)
    if (certificate.signing_key, certificate.encryption_key) != keys.public:
        raise EnrolError(ANSWER_FORGED, "other keys")
    return enrolment
