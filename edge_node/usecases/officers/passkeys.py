"""Passkeys of officers: asked for, registered, used, taken away.

Rules: a challenge serves once, for two minutes, for the browser that asked; it lives in memory. A
passkey belongs to one account; registering needs an open session, so somebody who typed the PIN.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge_node.domain import officer as rules
from edge_node.domain import passkey
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import OfficerKeyChanged
from edge_node.domain.officer import Duty
from edge_node.domain.passkey import CHALLENGE_BYTES, Asked, Assertion
from edge_node.store import officers
from edge_node.store.officers import PasskeyRow
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.officers.accounts import officer_at, refresh
from edge_node.usecases.station import Officer, Station

CHALLENGE_AGE_MS: Final = 120_000
MAXIMUM_CHALLENGES: Final = 64
"""Open at once; the oldest is dropped first."""

KEY_NAME_BYTES: Final = 4


class _Open(NamedTuple):
    challenge: bytes
    mono_ms: int


@dataclass(slots=True)
class Challenges:
    """Challenges nobody has answered yet, by browser (its cookie)."""

    open: dict[str, _Open] = field(default_factory=dict)

    def ask(self, station: Station, device: str) -> bytes:
        """A fresh challenge for a browser; one before it is void."""
        self.open.pop(device, None)
        while len(self.open) >= MAXIMUM_CHALLENGES:
            del self.open[next(iter(self.open))]
        challenge = station.entropy(CHALLENGE_BYTES)
        self.open[device] = _Open(challenge, station.moment().time.mono_ms)
        return challenge

    def take(self, station: Station, device: str) -> bytes:
        """The browser's challenge, once. Error: passkey_expired."""
        found = self.open.pop(device, None)
        if found is None or station.moment().time.mono_ms - found.mono_ms >= CHALLENGE_AGE_MS:
            raise DomainError(ErrorCode.PASSKEY_EXPIRED)
        return found.challenge


async def known(station: Station, officer_id: str = "") -> list[bytes]:
    """Ids of the passkeys of an officer, or of everybody."""
    rows = await station.store.read(lambda connection: officers.passkeys(connection, officer_id))
    return [row.id for row in rows]


async def register(
    station: Station, officer: Officer, asked: Asked, client_data: bytes, attestation: bytes
) -> None:
    """Add an authenticator to the officer's own account. Error: passkey_refused."""
    found = passkey.register(asked, client_data, attestation)
    moment, eid = station.moment(), station.entropy(16)
    row = PasskeyRow(
        found.credential_id, officer.id, found.public_key, found.sign_count, moment.text
    )

    def work(transaction: Transaction) -> None:
        if not officers.add_passkey(transaction, row):
            raise passkey.refused()
        event = _changed(officer.id, officer.id, row.id, moment.text, added=True)
        transaction.record(event, Cause(eid))

    await station.store.write(moment, work)
    await refresh(station)


async def check(station: Station, asked: Asked, credential_id: bytes, answer: Assertion) -> Officer:
    """Whose authenticator has signed. Errors: passkey_refused, officer_unknown."""
    row = await station.store.read(lambda connection: officers.passkey(connection, credential_id))
    if row is None:
        raise passkey.refused()
    sign_count = passkey.check_assertion(asked, answer, row.public_key, row.sign_count)
    officer = officer_at(station, row.officer_id)

    def work(transaction: Transaction) -> None:
        # Two answers at once: the counter is compared with what is stored now.
        fresh = officers.passkey(transaction.connection, credential_id)
        if fresh is None or (sign_count and sign_count <= fresh.sign_count):
            raise passkey.refused()
        officers.set_sign_count(transaction, credential_id, sign_count)

    await station.store.write(station.moment(), work)
    return officer


async def take_away(station: Station, chief: Officer, officer_id: str) -> int:
    """Take all passkeys of an officer away, as after a lost key; how many.

    Errors: duty_not_yours, officer_unknown.
    """
    rules.require(chief.roles, Duty.MANAGE_OFFICERS)
    officer_at(station, officer_id)
    moment = station.moment()
    seed = station.entropy(16)

    def work(transaction: Transaction) -> int:
        gone = officers.delete_passkeys(transaction, officer_id)
        for turn, key in enumerate(gone):
            event = _changed(officer_id, chief.id, key, moment.text, added=False)
            transaction.record(event, Cause(seed[:15] + bytes([turn % 256])))
        return len(gone)

    count = await station.store.write(moment, work)
    await refresh(station)
    return count


def _changed(officer_id: str, by: str, key: bytes, at: str, *, added: bool) -> OfficerKeyChanged:
    return OfficerKeyChanged(
        officer=officer_id, by=by, key=key[:KEY_NAME_BYTES].hex(), added=added, changed_at=at
    )
