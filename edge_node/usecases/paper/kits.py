"""Kits of numbered slips for a day without the node: made, printed, declared void.

Rules: a kit's numbers are drawn like any other, so no machine ever gives them out again; only
slips that nobody has used are printed again; whatever was not used is declared void in the end, so
that every number is accounted for.
"""

from datetime import datetime

import msgspec

from edge_node.documents.model import ContinuityKit, ContinuitySlip
from edge_node.domain.codes import format_dossier_number
from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.events import PaperKitMade, PaperSlipVoided
from edge_node.domain.paper import PaperSlipAction, PaperSlipState, check_kit
from edge_node.store import paper
from edge_node.store.paper import KitRow, PaperSlipRow, StoodFor
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.paper import codes
from edge_node.usecases.paper.acting import digest_of, line, once, unspent, write
from edge_node.usecases.paper.codes import Said
from edge_node.usecases.station import Officer, Station
from sync.journal.journal import SEQUENCE_BITS
from sync.protocol.record import command_id

MAXIMUM_KITS_SHOWN = 20


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A kit that was made."""

    kit: str
    numbers: tuple[str, ...]


async def make_kit(station: Station, officer: Officer, key: str, count: int) -> Made:
    """Set `count` numbers aside. Errors: paper_kit_size, slip_key_missing, idempotency_key_*."""
    slip_key = station.slip_key
    if slip_key is None:
        raise DomainError(ErrorCode.SLIP_KEY_MISSING, fault=Fault.STATION)
    digest = digest_of("kit", officer.id, str(count))

    def work(transaction: Transaction) -> Made:
        connection = transaction.connection
        codes.announce_in(transaction, slip_key)
        check_kit(count, paper.unused_slips(connection))
        drawn = [transaction.next_dossier() for _ in range(count)]
        numbers = tuple(format_dossier_number(station.code, *one) for one in drawn)
        name = f"{drawn[0][0]}-{drawn[0][1]}"
        event = PaperKitMade(
            kit=name, numbers=numbers, officer=officer.id, made_at=transaction.moment.text
        )
        position = transaction.record(event, Cause(command_id(f"paper_kit:{key}")))
        place = position.log_number << SEQUENCE_BITS | position.sequence
        paper.add_kit(transaction, name, place, officer.id, numbers)
        return Made(kit=name, numbers=numbers)

    return await once(station, f"paper_kit:{key}", digest, Made, work)


async def sheets(station: Station, kit: str) -> ContinuityKit:
    """The sheets of a kit that nobody has used yet. Errors: paper_kit_unknown, slip_key_missing."""
    if station.slip_key is None:
        raise DomainError(ErrorCode.SLIP_KEY_MISSING, fault=Fault.STATION)

    def ask(connection: Connection) -> ContinuityKit:
        position = paper.kit_position(connection, kit)
        stood_for = paper.at_position(connection, position) if position is not None else None
        slips = paper.slips_of(connection, kit)
        if stood_for is None or not slips:
            raise DomainError(ErrorCode.PAPER_KIT_UNKNOWN)
        unused = [slip for slip in slips if slip.state is PaperSlipState.UNUSED]
        made_at = datetime.fromisoformat(paper.kit_made_at(connection, kit))
        drawn = tuple(_sheet(station, stood_for, slip, len(slips), made_at) for slip in unused)
        head = station.letterhead
        return ContinuityKit(
            paper=head.sheet, agency=station.name_vi, sheets=drawn, printed_at=made_at
        )

    return await station.store.read(ask)


async def overview(station: Station) -> list[KitRow]:
    """The newest kits and what became of their slips."""
    return await station.store.read(lambda c: paper.kits(c, MAXIMUM_KITS_SHOWN))


async def slips_of(station: Station, kit: str) -> list[PaperSlipRow]:
    """The slips of a kit in their order."""
    return await station.store.read(lambda connection: paper.slips_of(connection, kit))


async def void(station: Station, officer: Officer, number: str, reason: str) -> None:
    """Declare a slip void. Errors: paper_slip_*, reason_missing."""
    words = line(reason)
    if not words:
        raise DomainError(ErrorCode.REASON_MISSING)

    def work(transaction: Transaction) -> None:
        slip = unspent(transaction, number, PaperSlipAction.DECLARE_VOID)
        _void(transaction, officer, slip, words)

    await write(station, work)


async def void_rest(station: Station, officer: Officer, kit: str, reason: str) -> int:
    """Declare every unused slip of a kit void; answers how many. Errors: as `void`."""
    words = line(reason)
    if not words:
        raise DomainError(ErrorCode.REASON_MISSING)
    done: list[int] = []

    def work(transaction: Transaction) -> None:
        unused = [
            slip
            for slip in paper.slips_of(transaction.connection, kit)
            if slip.state is PaperSlipState.UNUSED
        ]
        for slip in unused:
            _void(transaction, officer, slip, words)
        done[:] = [len(unused)]

    await write(station, work)
    return done[0]


def _sheet(
    station: Station, stood_for: StoodFor, slip: PaperSlipRow, count: int, made_at: datetime
) -> ContinuitySlip:
    said = Said(dossier=slip.number)
    code = codes.sign(station, codes.claims_of(station, stood_for, said))
    head = station.letterhead
    return ContinuitySlip(
        paper=head.sheet,
        superior_agency=head.superior_agency,
        agency=station.name_vi,
        place=station.place,
        hotline=head.hotline,
        kit=slip.kit,
        index=slip.place,
        count=count,
        dossier_number=slip.number,
        token_url=code.url,
        check=code.check,
        printed_at=made_at,
    )


def _void(transaction: Transaction, officer: Officer, slip: PaperSlipRow, reason: str) -> None:
    event = PaperSlipVoided(
        dossier_no=slip.number,
        kit=slip.kit,
        reason=reason,
        officer=officer.id,
        voided_at=transaction.moment.text,
    )
    transaction.record(event, Cause(command_id(f"paper_slip_void:{slip.number}")))
    paper.spend(transaction, slip._replace(state=PaperSlipState.VOID), officer.id, reason)
