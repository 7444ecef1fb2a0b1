"""The fee of the dossier that a citizen has just handed in at a kiosk.

Rules: known by the key of the form, so that nobody else's dossier can be asked for; a citizen may
see a code and what the bank said, and can claim nothing: only an officer notes evidence.
"""

from datetime import datetime
from typing import Final

import msgspec

from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.fee_rules import FeeAnswer
from edge_node.store import dossiers, payments, submissions
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.payments.acting import KIOSK, Actor, Stood
from edge_node.usecases.payments.opening import Demand, fee_of
from edge_node.usecases.payments.settling import is_over
from edge_node.usecases.payments.steps import due_and_shown
from edge_node.usecases.payments.views import PaymentView, view_of
from edge_node.usecases.station import Station
from sync.protocol.record import command_id

PAYING_S: Final = 240
"""How long a kiosk waits for somebody to pay: the page's idle time."""


class KioskFee(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid for the dossier; `left_s` seconds of the kiosk's patience are left."""

    dossier_id: str
    fee: FeeAnswer
    transfers: bool
    payment: PaymentView | None
    left_s: int

    @property
    def can_pay(self) -> bool:
        """Whether a code may be shown: the amount is certain and there is a signed account."""
        return self.transfers and self.fee.certainty == "certain"


async def fee(station: Station, form_key: str) -> KioskFee | None:
    """The fee of the dossier handed in with this form; None when none was."""
    now = station.clock.now()

    def ask(connection: Connection) -> KioskFee | None:
        handed_in = submissions.dossier_of(connection, command_id(f"{KIOSK}:{form_key}"))
        row = dossiers.find(connection, handed_in.dossier_id) if handed_in is not None else None
        if row is None:
            return None
        mine = [
            one
            for one in payments.of_dossier(connection, row.id)
            if one.ledger is Ledger.FEE and not is_over(one)
        ]
        day = now.date()
        return KioskFee(
            dossier_id=row.id.hex(),
            fee=fee_of(station, row, day),
            transfers=station.money.beneficiaries.find(Ledger.FEE, station.code, day) is not None,
            payment=view_of(station, connection, mine[-1]) if mine else None,
            left_s=_left(mine[-1].opened_at, now) if mine else PAYING_S,
        )

    return await station.store.read(ask)


async def pay_by_phone(station: Station, form_key: str, found: KioskFee) -> Stood:
    """Open the payment and show its code; the same form gets the same payment."""
    demand = Demand(dossier_id=found.dossier_id)
    return await due_and_shown(station, Actor("", KIOSK, f"{KIOSK}:{form_key}"), demand)


def _left(opened_at: str, now: datetime) -> int:
    waited = int((now - datetime.fromisoformat(opened_at)).total_seconds())
    return max(PAYING_S - max(waited, 0), 0)
