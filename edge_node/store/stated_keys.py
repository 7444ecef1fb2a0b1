"""Slip keys of the wards as the city states them: what makes another ward's slip readable here."""

import sqlite3
from typing import NamedTuple

from edge_node.store.paper import Positions, end_text, positions_in
from edge_node.store.unit_of_work import Transaction
from sync.protocol.slip import slip_key_id


class StatedKey(NamedTuple):
    """A slip key of a station (its code); `positions` as in its end, if it has ended."""

    station: str
    public_key: bytes
    ended: bool = False
    positions: Positions = None


def state(transaction: Transaction, key: StatedKey) -> None:
    """Keep the newest word on a key; an end is never taken back."""
    transaction.connection.execute(
        "INSERT INTO stated_slip_key (kid, station, public_key, ended) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kid, station, public_key) DO UPDATE SET ended = excluded.ended"
        " WHERE excluded.ended <> ''",
        (
            slip_key_id(key.public_key),
            key.station,
            key.public_key,
            end_text(key.positions) if key.ended else "",
        ),
    )


def with_id(connection: sqlite3.Connection, kid: bytes) -> list[StatedKey]:
    """The keys of this id: usually one, and nothing keeps it so."""
    rows = connection.execute(
        "SELECT station, public_key, ended FROM stated_slip_key WHERE kid = ?"
        " ORDER BY station, public_key",
        (kid,),
    )
    return [
        StatedKey(station, public_key, bool(ended), positions_in(ended))
        for station, public_key, ended in rows
    ]
