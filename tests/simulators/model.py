"""An abstract model of the protocol, small enough to visit every state of a small world.

A record is a number; a root is the prefix that it commits to; the network is a set, so that any
message may arrive any number of times, in any order, or never. `RULES` can be taken away one by
one. S1 to S4 are judged at every state, L1 by letting the faults stop at every state (sync design
§4; S5 holds by construction here, a receipt is made from what is committed).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

RULES: Final = frozenset(
    {
        "purge below archived",
        "city decides",
        "compare histories",
        "epoch per start",
        "one effect",
        "root at smaller size",
    }
)


class Record(NamedTuple):
    """Where a record was made: its log, the record before it there (-1 for none), its command."""

    lid: int
    before: int
    eid: int


class Log(NamedTuple):
    """One log of a device: records by number, how many lost their bodies, whether it forked."""

    lid: int
    records: tuple[int, ...]
    purged: int = 0
    forked: bool = False


class Card(NamedTuple):
    """What an image of a card holds: logs, the open one, and what was told as archived."""

    logs: tuple[Log, ...]
    open: int | None
    archived: tuple[tuple[int, int], ...]


class Device(NamedTuple):
    """One running card. `view`: (lid, city size) of the session; `archived` as last told."""

    logs: tuple[Log, ...] = ()
    open: int | None = None
    view: tuple[tuple[int, int], ...] = ()
    archived: tuple[tuple[int, int], ...] = ()
    image: "Card | None" = None


class Batch(NamedTuple):
    """Records of a log from `len(before)` on, and the prefix that its first root commits to."""

    lid: int
    before: tuple[int, ...]
    records: tuple[int, ...]


class Receipt(NamedTuple):
    """The city holds this prefix; so much of it is archived."""

    lid: int
    prefix: tuple[int, ...]
    archived: int


Held = tuple[tuple[int, tuple[int, ...]], ...]


class State(NamedTuple):
    """The world. `left` counts what may still happen, in the order of `Scope`."""

    made: tuple[Record, ...]
    devices: tuple[Device, ...]
    city: Held
    archive: Held
    net: frozenset[Batch | Receipt]
    left: tuple[int, ...]
    logs: int = 0
    commands: int = 0


class Scope(NamedTuple):
    """How often each thing may happen, and how many messages may be under way."""

    append: int
    restart: int = 0
    image: int = 0
    sd_restore: int = 0
    clone: int = 0
    live: int = 0
    archive: int = 0
    city_restore: int = 0
    messages: int = 2


class World:
    """The rules of one world and what may happen next in it."""

    def __init__(self, scope: Scope, rules: frozenset[str] = RULES) -> None:
        self._messages = scope.messages
        self._rules = rules
        self.start = State((), (Device(),), (), (), frozenset(), tuple(scope[:-1]))

    def next(self, state: State) -> Iterator[tuple[str, State]]:
        """Every state that is one step away, with the name of the step."""
        for number in range(len(state.devices)):
            yield from self._faults(state, number)
            yield from self._talk(state, number)
        if state.city != state.archive:
            yield from _spend(state, "archive", state._replace(archive=state.city))
            yield from _spend(state, "city_restore", state._replace(city=state.archive))
        for message in state.net:
            if isinstance(message, Batch):
                after = self.deliver(state, message)
                if after is not state:
                    yield "receive", after
            yield "drop", state._replace(net=state.net - {message})

    def _faults(self, state: State, number: int) -> Iterator[tuple[str, State]]:
        device = state.devices[number]
        yield from _spend(state, "append", self._append(state, number))
        if device.open is not None and "epoch per start" in self._rules:
            yield from _spend(state, "restart", _put(state, number, _started(device)))
        here = Card(device.logs, device.open, device.archived)
        if device.logs and device.image != here:
            yield from _spend(state, "image", _put(state, number, device._replace(image=here)))
        if device.image is not None and device.image != here:
            # The process of a live swap goes on with its session; the rest is as on the card.
            back = device._replace(**device.image._asdict())
            fresh = _started(back) if "epoch per start" in self._rules else back._replace(view=())
            yield from _spend(state, "sd_restore", _put(state, number, fresh))
            yield from _spend(state, "live", _put(state, number, back))
            both = (*state.devices, _started(back)._replace(image=None))
            yield from _spend(state, "clone", state._replace(devices=both))

    def _append(self, state: State, number: int) -> State:
        fresh = state._replace(commands=state.commands + 1)
        return self._record(fresh, number, state.commands)

    def _record(self, state: State, number: int, eid: int) -> State:
        device = state.devices[number]
        if device.open is None:
            device = device._replace(logs=(*device.logs, Log(state.logs, ())), open=state.logs)
            state = state._replace(logs=state.logs + 1)
        log = next(log for log in device.logs if log.lid == device.open)
        before = log.records[-1] if log.records else -1
        record = Record(log.lid, before, eid)
        grown = log._replace(records=(*log.records, len(state.made)))
        state = state._replace(made=(*state.made, record))
        return _put(state, number, _with_log(device, grown))

    def _talk(self, state: State, number: int) -> Iterator[tuple[str, State]]:
        device = state.devices[number]
        if device.logs:
            greeted = self.hello(state, number)
            if greeted != state:
                yield "hello", greeted
        view = dict(device.view)
        for log in device.logs:
            yield from self._send(state, log, view.get(log.lid, -1))
            limit = dict(device.archived).get(log.lid, 0)
            if "purge below archived" not in self._rules:
                limit = view.get(log.lid, -1)
            if log.purged < min(limit, len(log.records)):
                gone = _with_log(device, log._replace(purged=min(limit, len(log.records))))
                yield "purge", _put(state, number, gone)
        for message in state.net:
            after = self.receipt(state, number, message)
            if after != state:
                yield "receipt", after

    def _send(self, state: State, log: Log, first: int) -> Iterator[tuple[str, State]]:
        """Any range from where the city said it is."""
        if log.forked or first < log.purged or len(state.net) >= self._messages:
            return
        for end in range(first + 1, len(log.records) + 1):
            batch = Batch(log.lid, log.records[:first], log.records[first:end])
            if batch not in state.net:
                yield "send", state._replace(net=state.net | {batch})

    def hello(self, state: State, number: int) -> State:
        """Compare every log with the city's: resume, journal again, or take back."""
        city, archive = dict(state.city), dict(state.archive)
        device = state.devices[number]
        old = dict(device.view)
        for log in device.logs:
            held = city.get(log.lid, ())
            if log.forked:
                continue
            if not self._agrees(log.records, held):
                state = self._abandon(state, number, log)
                continue
            if len(held) > len(log.records):
                back = _with_log(state.devices[number], log._replace(records=held))
                state = _put(state, number, back._replace(open=None))
            size = len(held)
            if "city decides" not in self._rules:
                size = max(size, old.get(log.lid, 0))
            state = _put(state, number, _seen(state.devices[number], log.lid, size))
            told = min(len(archive.get(log.lid, ())), len(held))
            state = _put(state, number, _told(state.devices[number], log.lid, told))
        return state

    def _agrees(self, own: tuple[int, ...], held: tuple[int, ...]) -> bool:
        if "root at smaller size" not in self._rules:
            return len(held) > len(own) or own[: len(held)] == held
        size = min(len(own), len(held))
        return own[:size] == held[:size]

    def _abandon(self, state: State, number: int, log: Log) -> State:
        device = _with_log(state.devices[number], log._replace(forked=True))
        state = _put(state, number, device._replace(open=None))
        for rid in log.records[log.purged :]:
            state = self._record(state, number, state.made[rid].eid)
        return state

    def deliver(self, state: State, batch: Batch) -> State:
        """What the city makes of a batch: append, ignore, refuse; its receipt is on its way."""
        held = dict(state.city).get(batch.lid, ())
        first = len(batch.before)
        if first > len(held):
            return state
        whole = batch.before + batch.records
        if "compare histories" in self._rules:
            size = min(len(held), len(whole))
            # An overlap is compared leaf by leaf, the rest through the roots.
            if whole[:size] != held[:size]:
                return state
            grown = max(held, whole, key=len)
        else:
            grown = held + batch.records[len(held) - first :]
        city = tuple(sorted({**dict(state.city), batch.lid: grown}.items()))
        net = state.net
        archived = len(dict(state.archive).get(batch.lid, ()))
        receipt = Receipt(batch.lid, grown, min(archived, len(grown)))
        if len(net) < self._messages:
            net |= {receipt}
        return state._replace(city=city, net=net)

    def receipt(self, state: State, number: int, receipt: Batch | Receipt) -> State:
        """A device believes a receipt whose root is its own."""
        if isinstance(receipt, Batch):
            return state
        device = state.devices[number]
        log = next((log for log in device.logs if log.lid == receipt.lid), None)
        size = len(receipt.prefix)
        if log is None or log.forked or log.records[:size] != receipt.prefix:
            return state
        if size <= dict(device.view).get(log.lid, -1) or log.lid not in dict(device.view):
            return state
        device = _told(_seen(device, log.lid, size), log.lid, receipt.archived)
        return _put(state, number, device)

    def effects(self, state: State) -> dict[int, int]:
        """How often each command has taken effect at the city."""
        found: dict[int, int] = {}
        for _, records in state.city:
            for rid in records:
                eid = state.made[rid].eid
                found[eid] = 1 if "one effect" in self._rules else found.get(eid, 0) + 1
        return found

    def violation(self, state: State) -> str:
        """The safety property that is broken here; "" for none."""
        if any(times != 1 for times in self.effects(state).values()):
            return "S1"
        for lid, records in state.city:
            chain = [state.made[rid] for rid in records]
            before = (-1, *records)
            if any(one != (lid, prior, one.eid) for one, prior in zip(chain, before, strict=False)):
                return "S2"
        archive = dict(state.archive)
        for device in state.devices:
            for log in device.logs:
                if archive.get(log.lid, ())[: log.purged] != log.records[: log.purged]:
                    return "S3"
        return ""

    def completed(self, state: State) -> str:
        """Let the faults stop: "L1" when something that somebody held is not at the city then."""
        wanted = set(self.effects(state))
        for device in state.devices:
            for log in device.logs:
                wanted |= {state.made[rid].eid for rid in log.records[log.purged :]}
        quiet = before = state
        for _ in range(4):
            before = quiet
            for number in range(len(quiet.devices)):
                quiet = self._sync(quiet, number)
            if quiet == before:
                break
        if quiet != before or not wanted <= set(self.effects(quiet)):
            return "L1"
        return self.violation(quiet)

    def _sync(self, state: State, number: int) -> State:
        """One whole fault-free session of one device."""
        state = self.hello(self.hello(state, number), number)
        view = dict(state.devices[number].view)
        for log in state.devices[number].logs:
            first = view.get(log.lid, 0)
            if not log.forked and log.purged <= first < len(log.records):
                batch = Batch(log.lid, log.records[:first], log.records[first:])
                state = self.deliver(state._replace(net=frozenset()), batch)
        return self.hello(state, number)._replace(net=frozenset())


def _put(state: State, number: int, device: Device) -> State:
    devices = state.devices
    return state._replace(devices=(*devices[:number], device, *devices[number + 1 :]))


def _with_log(device: Device, changed: Log) -> Device:
    logs = tuple(changed if log.lid == changed.lid else log for log in device.logs)
    return device._replace(logs=logs)


def _seen(device: Device, lid: int, size: int) -> Device:
    return device._replace(view=tuple(sorted({**dict(device.view), lid: size}.items())))


def _told(device: Device, lid: int, archived: int) -> Device:
    told = max(archived, dict(device.archived).get(lid, 0))
    return device._replace(archived=tuple(sorted({**dict(device.archived), lid: told}.items())))


def _started(device: Device) -> Device:
    """A new process: a new log at the next append, and no session."""
    return device._replace(open=None, view=())


def _spend(state: State, name: str, after: State) -> Iterator[tuple[str, State]]:
    at = Scope._fields.index(name)
    if state.left[at]:
        left = (*state.left[:at], state.left[at] - 1, *state.left[at + 1 :])
        yield name, after._replace(left=left)
