"""A dossier's whole life, from the kiosk to the citizen's hands, with everything in between."""

import msgspec

from edge_node.usecases.decisions import custody, notes, results, supplement, timing, undo
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.decisions.custody import HandOn
from edge_node.usecases.decisions.results import Handing
from edge_node.usecases.decisions.supplement import Request
from edge_node.usecases.station import Station
from tests.usecases.filing import filed, next_of, receive
from tests.web.station import TestClock

HANDS = HandOn("Công an TP – PC06", "Đại úy Minh", "Thượng úy Sơn", "3 tờ")
HOUR_S = 3600


async def live(station: Station, clock: TestClock, key: str = "life") -> Command:
    """Submit, receive, supplement, pause, resume, undo, extend, transfer, finish, hand over."""
    station.policy = msgspec.structs.replace(station.policy, unconfirmed_payment="warn")
    command = await filed(station, key)
    await receive(station, command)
    await undo.undo(station, command := next_of(command))
    await receive(station, command := next_of(command))
    request = Request(["document:ct01"], "Bản gốc", reviewed=True)
    await supplement.request_supplement(station, command := next_of(command), request)
    clock.advance(HOUR_S)
    await supplement.supply(station, command := next_of(command), {"ct01": True})
    await receive(station, command := next_of(command))
    await custody.transfer(station, command := next_of(command), HANDS)
    await timing.pause(station, command := next_of(command), "verification", "Xác minh")
    clock.advance(HOUR_S)
    await timing.resume(station, command := next_of(command))
    await timing.extend(station, command := next_of(command), "02/12/2026", "Mất mạng")
    await timing.pause(station, command := next_of(command), "verification", "Nhầm")
    await undo.undo(station, command := next_of(command))
    await notes.write_note(station, command := next_of(command), "Đã gọi")
    await custody.take_back(station, command := next_of(command), HANDS)
    await results.finish(station, command := next_of(command), "KQ-12")
    await results.hand_over(station, command := next_of(command), Handing("holder", "vneid"))
    return command
