"""Sessions: signing in and out, a locked screen, taking over, ending everybody's.

Rules: a session's token is stored as a digest; a screen locks by key, and by itself when nobody
touched it; what is locked opens for the same officer or, openly, for another one, at the same
counter; only a good PIN or passkey opens anything. Where somebody last moved is known in memory.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from edge_node.domain import officer as rules
from edge_node.domain.events import OfficerSignedIn, OfficerTookOver, SessionsEnded
from edge_node.domain.officer import Duty
from edge_node.store import sessions
from edge_node.store.sessions import SessionRow
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.officers import pins
from edge_node.usecases.officers.pins import Try
from edge_node.usecases.station import Officer, Station, token_id

SESSION_S: Final = 12 * 3600
FIRST_COUNTER: Final = "1"
"""Where somebody sits whom nobody has given a counter."""

Means: TypeAlias = Literal["pin", "passkey"]


class Session(NamedTuple):
    """A session and its officer, who sits where the session does."""

    row: SessionRow
    officer: Officer
    locked: bool


class Opening(NamedTuple):
    """Somebody proved who they are: how, and in which browser (its cookie)."""

    officer: Officer
    means: Means
    device: str


class SessionLine(NamedTuple):
    """A session in the chief's list; `name` of the session is a prefix of its digest."""

    name: str
    officer_id: str
    officer_name: str
    counter: str
    means: str
    begun_at: str
    locked: bool
    mine: bool


async def sign_in(station: Station, officer_id: str, pin: str, device: str = "") -> str:
    """A session's token. `device` is the browser's cookie. Errors: those of `pins.check`."""
    officer = await pins.check(station, Try(officer_id, pin, await pins.device_of(station, device)))
    return await begin(station, Opening(officer, "pin", device))


async def begin(station: Station, opening: Opening) -> str:
    """A session for somebody who has proved who they are; its token."""
    officer = opening.officer
    counter = officer.counter or FIRST_COUNTER
    moment, eid, token = station.moment(), station.entropy(16), station.new_token()

    def work(transaction: Transaction) -> None:
        sessions.delete_over(transaction)
        _begin(transaction, opening, counter, token)
        event = OfficerSignedIn(
            officer=officer.id, counter=counter, means=opening.means, signed_in_at=moment.text
        )
        transaction.record(event, Cause(eid))

    await station.store.write(moment, work)
    _moved(station, token)
    return token


async def find(station: Station, token: str, *, moved: bool = True) -> Session | None:
    """The session of a token, or None when it is unknown, over, or its officer has left.

    `moved` says that a person did something; a page that refreshes itself does not. A screen that
    nobody touched for the policy's time is locked here and now.
    """
    if not token:
        return None
    row = await station.store.read(lambda connection: sessions.find(connection, token_id(token)))
    if row is None or row.expires_wall_ms < (station.moment().time.wall_ms or 0):
        return None
    officer = station.officers.get(row.officer_id)
    if officer is None:
        return None
    locked = bool(row.locked_at)
    if not locked and _is_idle(station, row.id):
        await lock(station, token)
        locked = True
    elif not locked and moved:
        _moved(station, token)
    return Session(row, msgspec.structs.replace(officer, counter=row.counter), locked)


async def officer_of(station: Station, token: str) -> Officer | None:
    """Who works with a token now; None also while the screen is locked. Asking is no moving."""
    found = await find(station, token, moved=False)
    return found.officer if found is not None and not found.locked else None


async def lock(station: Station, token: str) -> None:
    """Lock the screen of a session."""
    moment = station.moment()
    await station.store.write(
        moment,
        lambda transaction: sessions.set_locked(transaction, token_id(token), moment.text),
    )


async def unlock(station: Station, token: str, opening: Opening) -> str:
    """Open a locked screen; the token to go on with.

    The same officer keeps the session; another one takes it over: the first one's ends, the second
    sits at the same counter, and it is in the journal.
    """
    found = await find(station, token, moved=False)
    if found is None:
        return await begin(station, opening)
    if found.officer.id == opening.officer.id:
        await _open_again(station, token)
        return token
    return await _take_over(station, found, opening)


async def _open_again(station: Station, token: str) -> None:
    await station.store.write(
        station.moment(),
        lambda transaction: sessions.set_locked(transaction, token_id(token), ""),
    )
    _moved(station, token)


async def _take_over(station: Station, before: Session, opening: Opening) -> str:
    moment, eid, token = station.moment(), station.entropy(16), station.new_token()
    counter = before.row.counter

    def work(transaction: Transaction) -> None:
        sessions.delete(transaction, before.row.id)
        _begin(transaction, opening, counter, token)
        event = OfficerTookOver(
            officer=opening.officer.id,
            before=before.officer.id,
            counter=counter,
            taken_over_at=moment.text,
        )
        transaction.record(event, Cause(eid))

    await station.store.write(moment, work)
    _moved(station, token)
    return token


async def sign_out(station: Station, token: str) -> None:
    """End a session."""
    await station.store.write(
        station.moment(), lambda transaction: sessions.delete(transaction, token_id(token))
    )


async def listed(station: Station, chief: Officer, token: str) -> list[SessionLine]:
    """Every open session. Error: duty_not_yours."""
    rules.require(chief.roles, Duty.END_SESSIONS)
    now_ms = station.moment().time.wall_ms or 0
    rows = await station.store.read(lambda connection: sessions.open_ones(connection, now_ms))
    return [_line(station, row, token_id(token)) for row in rows]


async def end(station: Station, chief: Officer, officer_id: str, token: str) -> int:
    """End an officer's sessions, everybody's when empty, but not the chief's own; how many."""
    rules.require(chief.roles, Duty.END_SESSIONS)
    moment, eid = station.moment(), station.entropy(16)

    def work(transaction: Transaction) -> int:
        count = sessions.delete_of(transaction, officer_id, keep=token_id(token))
        event = SessionsEnded(officer=officer_id, by=chief.id, sessions=count, ended_at=moment.text)
        transaction.record(event, Cause(eid))
        return count

    return await station.store.write(moment, work)


def _line(station: Station, row: SessionRow, mine: bytes) -> SessionLine:
    officer = station.officers.get(row.officer_id)
    return SessionLine(
        name=row.id[:4].hex(),
        officer_id=row.officer_id,
        officer_name=f"{officer.rank} {officer.name}".strip() if officer else row.officer_id,
        counter=row.counter,
        means=row.means,
        begun_at=row.begun_at,
        locked=bool(row.locked_at) or _is_idle(station, row.id),
        mine=row.id == mine,
    )


def _begin(transaction: Transaction, opening: Opening, counter: str, token: str) -> None:
    moment = transaction.moment
    device_id = token_id(opening.device) if opening.device else sessions.UNKNOWN_DEVICE
    if opening.device:
        sessions.add_device(transaction, device_id)
    row = SessionRow(
        id=token_id(token),
        officer_id=opening.officer.id,
        device_id=device_id,
        counter=counter,
        means=opening.means,
        begun_at=moment.text,
        expires_wall_ms=(moment.time.wall_ms or 0) + SESSION_S * 1000,
        locked_at="",
    )
    sessions.insert(transaction, row)


def _moved(station: Station, token: str) -> None:
    station.presence.moved(token_id(token), station.moment().time.mono_ms)


def _is_idle(station: Station, session_id: bytes) -> bool:
    mono_ms = station.moment().time.mono_ms
    return station.presence.idle_ms(session_id, mono_ms) >= station.policy.lock_after_s * 1000
