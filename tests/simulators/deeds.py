"""What happens to people, machines and the city in a schedule: faults and daily life."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from sync.daemon.events import SendBatch
from sync.protocol.cose import raw_key_id
from tests.simulators.station import Image, Machine
from tests.simulators.virtual import QuickKey, VirtualLoop
from tests.simulators.world import FAULTY_S, World, quiet_trace


async def submit(world: World, machine: Machine) -> None:
    for _ in range(world.luck.choice((1, 1, 3, 8))):
        eid = world.luck.randbytes(16)
        world.attempted.add(eid)
        if machine.submit(eid):
            world.promised.add(eid)
    world.say(f"submit at {machine.name}")


async def repeat(world: World, machine: Machine) -> None:
    """A client repeats a submission of its own, perhaps to a card that was set back."""
    if world.promised:
        eid = world.luck.choice(sorted(world.promised))
        same = [one for one in world.machines if eid in one.held_ids() or eid in world.excused]
        near = [one for one in same if one.enrolment == machine.enrolment]
        if near and machine.submit(eid):
            world.excused.discard(eid)
        world.say(f"repeat at {machine.name}")


async def react(world: World, machine: Machine) -> None:
    machine.react()
    world.say(f"react at {machine.name}")


async def restart_node(world: World, machine: Machine) -> None:
    machine.start_node()
    await _restart_daemon(world, machine)
    world.say(f"reboot of {machine.name}")


async def crash_daemon(world: World, machine: Machine) -> None:
    """Killed a moment from now, wherever it then is."""
    for _ in range(world.luck.randrange(40)):
        await asyncio.sleep(0)
    await _restart_daemon(world, machine)
    world.say(f"crash of the daemon of {machine.name}")


async def _restart_daemon(world: World, machine: Machine) -> None:
    await machine.kill_daemon()
    machine.start_daemon()


async def copy_card(world: World, machine: Machine) -> None:
    world.images.append((machine, machine.image()))
    world.say(f"image of {machine.name}")


async def restore_card(world: World, machine: Machine) -> None:
    """A technician puts an old image into the machine and starts it."""
    image = _image_of(world, machine)
    if image is not None:
        await machine.kill_daemon()
        _lose(world, lambda: machine.put_in(image))
        machine.start_node()
        machine.start_daemon()
        world.say(f"restore of the card of {machine.name}")


async def swap_live(world: World, machine: Machine) -> None:
    """A virtual machine goes back to a snapshot, memory included, and runs on."""
    image = _image_of(world, machine)
    if image is None or image.journal is not machine.journal:
        return
    await machine.kill_daemon()
    _lose(world, lambda: machine.put_in(image))
    machine.journal.reset(image.mark)  # type: ignore[arg-type]
    machine.start_daemon()
    world.say(f"snapshot back in {machine.name}")


async def clone(world: World, machine: Machine) -> None:
    """A copied card in a second machine, both running."""
    image = _image_of(world, machine)
    if image is None or len(world.machines) > 4:
        return
    twin = Machine(f"{machine.name}'", machine.enrolment, world.around, machine.wall_ms)
    twin.put_in(image)
    twin.start_node()
    world.machines.append(twin)
    twin.start_daemon()
    world.say(f"clone of {machine.name}")


def _image_of(world: World, machine: Machine) -> Image | None:
    found = [image for owner, image in world.images if owner is machine]
    return world.luck.choice(found) if found else None


def _lose(world: World, destroy: Callable[[], None]) -> None:
    """Whatever was on this medium alone is nobody's fault."""
    before = _everywhere(world)
    destroy()
    world.excused |= before - _everywhere(world)


def _everywhere(world: World) -> set[bytes]:
    ids = world.city.stored_ids()
    for machine in world.machines:
        ids |= machine.held_ids()
    return ids


async def back_up(world: World, machine: Machine) -> None:
    await world.city.open_some()
    await world.city.back_up()
    world.say("backup of the city")


async def restore_city(world: World, machine: Machine) -> None:
    if world.city.backup is None:
        return
    before = _everywhere(world)
    await world.city.restore()
    lost = before - _everywhere(world)
    purged: set[bytes] = set()
    for each in world.machines:
        purged |= each.purged
    if lost & purged:
        world.complaints.append(f"S3: {len(lost & purged)} purged records were not in the backup")
    world.excused |= lost
    world.say("restore of the city")


async def restart_city(world: World, machine: Machine) -> None:
    world.city.restart()
    world.say("restart of the city")


async def open_batches(world: World, machine: Machine) -> None:
    await world.city.open_some()
    world.say("opening")


async def purge(world: World, machine: Machine) -> None:
    gone = machine.purge()
    world.say(f"purge of {len(gone)} at {machine.name}")


async def revoke(world: World, machine: Machine) -> None:
    kid = raw_key_id(machine.enrolment.key.raw)
    world.city.directory.revoked ^= {kid}
    world.say(f"revocation of {machine.name}")


async def stumble(world: World, machine: Machine) -> None:
    """A release of the city that cannot read some commands, or a fault in some places of a log."""
    luck = world.luck
    unread = luck.sample(sorted(world.promised), min(len(world.promised), 3))
    if luck.random() < 0.5:
        world.city.unread |= set(unread)
    else:
        logs = machine.node.raw.execute("SELECT lid, size FROM log").fetchall()
        world.city.spoilt |= {(lid, size + luck.randrange(3)) for lid, size in logs if size}
    world.say("stumble of the city")


async def upgrade(world: World, machine: Machine) -> None:
    """The city reads everything again, and a technician gives it what it could not."""
    world.city.unread.clear()
    machine.react(asked=True)
    world.say("upgrade of the city")


async def fill_stick(world: World, machine: Machine) -> None:
    """Batches are written to a stick that lies in a drawer until somebody carries it."""
    if machine.conversation is None:
        return
    assembler = machine.conversation._ports.assembler
    for log in await assembler.sizes():
        if log.size:
            first = world.luck.randrange(log.size)
            order = SendBatch(log.lid, first, 4, 1 << 16, compressed=False)
            world.drawer.append(await assembler.build(order))
    world.say(f"stick written at {machine.name}")


async def carry_stick(world: World, machine: Machine) -> None:
    luck = world.luck
    luck.shuffle(world.drawer)
    for batch in world.drawer[: luck.randint(0, len(world.drawer))]:
        await world.reach("/v1/batches", batch.data)
    world.say("stick carried")


async def replay_old(world: World, machine: Machine) -> None:
    """Anybody who listened sends again what was sent long ago."""
    for _ in range(5):
        if world.old_requests:
            old = world.luck.choice(world.old_requests)
            await world.reach(old.path, old.body or b"")
    world.say("replay")


async def forge(world: World, machine: Machine) -> None:
    """Somebody without the key, or with another station's, speaks for this station."""
    others = [each.enrolment for each in world.machines if each.enrolment != machine.enrolment]
    thief = QuickKey(b"thief")
    key = world.luck.choice([thief, *(other.key for other in others)])
    liar = replace_key(machine, key)
    eids = [world.luck.randbytes(16) for _ in range(3)]
    world.forged |= set(eids)
    for eid in eids:
        liar.submit(eid)
    liar.start_daemon()
    assert liar.conversation is not None
    assembler = liar.conversation._ports.assembler
    for log in await assembler.sizes():
        batch = await assembler.build(SendBatch(log.lid, 0, 9, 1 << 16, compressed=False))
        await world.reach("/v1/batches", batch.data)
    await liar.kill_daemon()
    world.say(f"forgery of {machine.name}")


def replace_key(machine: Machine, key: QuickKey) -> Machine:
    """A machine that says it is this one but signs with another key."""
    enrolment = machine.enrolment._replace(key=key)
    return Machine("liar", enrolment, replace(machine.around), machine.wall_ms)


Deed = Callable[[World, Machine], Awaitable[None]]
_TABLE: list[tuple[Deed, int]] = [
    (submit, 30),
    (repeat, 3),
    (react, 6),
    (restart_node, 3),
    (crash_daemon, 6),
    (copy_card, 6),
    (restore_card, 3),
    (swap_live, 4),
    (clone, 1),
    (back_up, 4),
    (restore_city, 2),
    (restart_city, 2),
    (open_batches, 4),
    (purge, 4),
    (revoke, 2),
    (stumble, 3),
    (upgrade, 2),
    (fill_stick, 3),
    (carry_stick, 3),
    (replay_old, 3),
    (forge, 2),
]
DEEDS = [deed for deed, _ in _TABLE]
WEIGHTS = [weight for _, weight in _TABLE]


async def suffer(world: World) -> None:
    """The time of faults."""
    steps = world.profile.steps
    for _ in range(steps):
        await asyncio.sleep(world.luck.uniform(0, 2 * FAULTY_S / steps))
        deed = world.luck.choices(DEEDS, WEIGHTS)[0]
        await deed(world, world.luck.choice(world.machines))


def simulate(seed: int, trace: Callable[[str], None] = quiet_trace) -> World:
    """Live one schedule from its first moment to its last."""
    loop = VirtualLoop()
    try:
        world = World(seed, trace)
        loop.run_until_complete(_live(world))
        return world
    finally:
        loop.close()


async def _live(world: World) -> None:
    world.found()
    await suffer(world)
    await world.make_peace()
