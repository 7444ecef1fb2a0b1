"""Dossiers at a desk: handed in, received, with an officer's command about them."""

from edge_node.usecases.decisions import receiving
from edge_node.usecases.decisions.command import Command, Decided
from edge_node.usecases.decisions.receiving import Lacking
from edge_node.usecases.station import Station
from tests.usecases.samples import submit
from tests.web.station import make_officer

MINH = make_officer("minh", "Trần Văn Minh", "2")
HOA = make_officer("hoa", "Lê Thị Hoa", "3")
REASON = "Hẹn nộp sau"


def lacking(station: Station, reason: str = REASON) -> Lacking:
    """Something is missing, comes today, and two dossiers of one person are meant."""
    return Lacking(reason, station.moment().day, "Hai việc khác nhau")


async def filed(station: Station, key: str = "k1", **changes: object) -> Command:
    """A dossier just handed in, and the officer's command about it."""
    answer = await submit(station, key, **changes)
    return Command(MINH, bytes.fromhex(answer.dossier_id), f"decide-{key}")


async def receive(station: Station, command: Command) -> Decided:
    """Receive it with its first paper and a promise for the rest."""
    return await receiving.receive(station, command, {"ct01": True}, lacking(station))


async def received(station: Station, key: str = "k1") -> Command:
    """A dossier just received, and a fresh command about it."""
    command = await filed(station, key)
    await receive(station, command)
    return next_of(command)


def next_of(command: Command) -> Command:
    """The same dossier under the next key."""
    return command._replace(key=command.key + "+")
