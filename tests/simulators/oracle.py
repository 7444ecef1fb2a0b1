"""What must hold at the end of every schedule."""

from collections.abc import Iterator

from sync.protocol import merkle
from sync.protocol.receipt import verify_receipt
from tests.simulators.world import World


def complaints(world: World) -> list[str]:
    """Everything that is wrong; nothing when the protocol kept its word."""
    return [
        *world.complaints,
        *_broken(world),
        *_lost(world),
        *_doubled(world),
        *_forged(world),
        *_diverged(world),
        *_believed(world),
    ]


def _broken(world: World) -> Iterator[str]:
    for machine in world.machines:
        for error in machine.broken:
            yield f"the daemon of {machine.name} broke: {error!r}: {error.__context__!r}"


def _lost(world: World) -> Iterator[str]:
    """L1: whatever was promised and not destroyed with its only medium is at the city."""
    missing = world.promised - world.excused - set(world.city.entered())
    if missing:
        where = {
            eid.hex()[:8]: [each.name for each in world.machines if eid in each.held_ids()]
            for eid in missing
        }
        yield f"L1: {len(missing)} promised records are not entered: {where}"


def _doubled(world: World) -> Iterator[str]:
    """S1: one command, one effect."""
    twice = [eid for eid, events in world.city.entered().items() if events != 1]
    if twice:
        yield f"S1: {len(twice)} commands had not exactly one effect"


def _forged(world: World) -> Iterator[str]:
    """Nothing that no station said is anywhere at the city."""
    strange = world.city.stored_ids() - world.attempted
    if strange:
        yield f"forged: {len(strange)} records that no station made ({strange & world.forged})"


def _diverged(world: World) -> Iterator[str]:
    """S2: the root of what the city opened is the root it gives out."""
    rows = world.city.memory.raw.execute(
        "SELECT size, opened, root, frontier, wary_until FROM log"
    ).fetchall()
    for size, opened, root, frontier, wary_until in rows:
        if opened != size:
            yield f"S2: a log of {size} records is opened to {opened} (wary to {wary_until})"
        elif merkle.root(merkle.unpack(frontier)) != root:
            yield "S2: a log's root is not that of its leaves"


def _believed(world: World) -> Iterator[str]:
    """No station believes a receipt that the city did not give."""
    for machine in world.machines:
        for (cose,) in machine.sync.raw.execute("SELECT cose FROM receipt"):
            if cose not in world.city.issued:
                yield f"forged: {machine.name} keeps a receipt that the city never gave"
            else:
                verify_receipt(cose, world.find_city_key)
