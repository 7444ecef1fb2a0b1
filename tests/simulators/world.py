"""One schedule: stations, a city, a line between them, and everything that goes wrong.

The seed decides who does what when. After the faults comes a time of peace; then `oracle` says what
must hold.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.daemon.answers import Answer
from sync.daemon.assemble import SealedBatch
from sync.daemon.events import Failure
from sync.daemon.ports import Request
from sync.daemon.transport import TransportError
from sync.protocol import merkle
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.cose import raw_key_id
from sync.protocol.errors import ProtocolError
from sync.protocol.receipt import verify_receipt
from tests.simulators.city import City, Enrolled
from tests.simulators.station import Around, Enrolment, Image, Machine
from tests.simulators.virtual import QuickKey

FAULTY_S = 1200.0
PEACE_STEP_S = 1000.0
PEACE_STEPS = 110
WALLS_MS = (0, 1_795_000_000_000, 2_208_988_800_000)
"""1970, right, 2040."""


def quiet_trace(line: str) -> None:
    """Nobody looks."""


@dataclass
class Profile:
    """How bad the line and the world are in one schedule."""

    drop: float
    cut: float
    duplicate: float
    corrupt: float
    stranger: float
    delay_s: float
    steps: int
    lazy: bool
    """Whether batches are opened only now and then, not soon after they came."""

    @classmethod
    def of(cls, luck: random.Random) -> "Profile":
        """From a quiet village line to a bad one."""
        bad = luck.choice((0.0, 0.1, 0.3))
        return cls(
            drop=bad,
            cut=bad,
            duplicate=luck.choice((0.0, 0.2)),
            corrupt=luck.choice((0.0, 0.1, 0.8)),
            stranger=luck.choice((0.0, 0.05)),
            delay_s=luck.choice((0.05, 1.0, 10.0)),
            steps=luck.choice((10, 18, 30)),
            lazy=luck.random() < 0.4,
        )


@dataclass
class World:
    """Everything that exists in a schedule."""

    seed: int
    trace: Callable[[str], None] = quiet_trace
    machines: list[Machine] = field(default_factory=list)
    images: list[tuple[Machine, Image]] = field(default_factory=list)
    promised: set[bytes] = field(default_factory=set)
    attempted: set[bytes] = field(default_factory=set)
    excused: set[bytes] = field(default_factory=set)
    forged: set[bytes] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    drawer: list[SealedBatch] = field(default_factory=list)
    old_requests: list[Request] = field(default_factory=list)
    old_answers: list[bytes] = field(default_factory=list)
    peace: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)  # noqa: S311 - replayable, not secret
        self.profile = Profile.of(self.luck)

    def say(self, what: str) -> None:
        """Count and trace."""
        word = what.split(" ", 1)[0]
        self.counts[word] = self.counts.get(word, 0) + 1
        self.trace(f"{self.now_s():9.1f} {what}")

    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def found(self) -> None:
        """The city and its stations, freshly enrolled."""
        self.city = City(self.now_s)
        self.around = Around(self.now_s, self.luck, self.ask, self.find_city_key)
        for number in range(self.luck.choice((1, 1, 1, 2))):
            self._found(number)

    def _found(self, number: int) -> None:
        key = QuickKey(f"station {number}".encode())
        enrolment = Enrolment(self.luck.randbytes(16), 26_000 + number, key)
        self._enrol(enrolment)
        self.add(f"station {number}", enrolment)

    def _enrol(self, enrolment: Enrolment) -> None:
        kid = raw_key_id(enrolment.key.raw)
        station = Enrolled(enrolment.node_id, enrolment.code, kid, enrolment.key.as_public())
        self.city.directory.by_kid[kid] = station

    def add(self, name: str, enrolment: Enrolment) -> Machine:
        machine = Machine(name, enrolment, self.around, self.luck.choice(WALLS_MS))
        self.machines.append(machine)
        machine.start_daemon()
        return machine

    def find_city_key(self, kid: bytes) -> Ed25519PublicKey | None:
        """The one key that the city signs with."""
        return self.city.key.as_public() if kid == raw_key_id(self.city.key.raw) else None

    async def make_peace(self) -> None:
        """No more faults; people let revoked stations in again, and everything has time."""
        self.peace = True
        self.say("peace")
        self.city.directory.revoked.clear()
        self.city.unread.clear()
        for _ in range(PEACE_STEPS):
            for machine in self.machines:
                if machine.talking is None or machine.talking.done():
                    await machine.kill_daemon()
                    machine.start_daemon()
                machine.react(asked=True)
            await asyncio.sleep(PEACE_STEP_S)
            await self.city.open_some()
            if self.quiet() and not any(machine.react(asked=True) for machine in self.machines):
                break
        for machine in self.machines:
            await machine.kill_daemon()
        self.counts["copy"] = sum(machine.copied for machine in self.machines)

    def quiet(self) -> bool:
        """Whether the city has the same history as every machine, log by log."""
        rows = self.city.memory.raw.execute("SELECT lid, size, opened, root FROM log").fetchall()
        city = {lid: (size, root) for lid, size, opened, root in rows if size == opened}
        return all(
            city.get(lid) == (size, merkle.root(merkle.unpack(frontier)))
            for machine in self.machines
            for lid, size, frontier in machine.node.raw.execute(
                "SELECT lid, size, frontier FROM log WHERE state <> 'abandoned'"
            )
        )

    # The line.

    async def ask(self, request: Request) -> Answer:
        """What one exchange of a daemon comes to."""
        luck, profile = self.luck, self.profile
        self.old_requests.append(request)
        if self.peace:
            return await self.reach(request.path, request.body or b"")
        await asyncio.sleep(luck.uniform(0, profile.delay_s))
        if luck.random() < profile.drop:
            raise TransportError(Failure.UNREACHABLE)
        if luck.random() < profile.stranger:
            return self._stranger()
        body = request.body or b""
        if luck.random() < profile.corrupt:
            body = _spoil(body, luck)
        answer = await self.reach(request.path, body)
        if luck.random() < profile.duplicate:
            await self.reach(request.path, request.body or b"")
        await asyncio.sleep(luck.uniform(0, profile.delay_s))
        if luck.random() < profile.cut:
            raise TransportError(Failure.TIMEOUT)
        if luck.random() < profile.corrupt / 2:
            return answer._replace(body=_spoil(answer.body, luck))
        return answer

    async def reach(self, path: str, body: bytes) -> Answer:
        """What the city answers, whoever asks."""
        answer = await self.city.ask(path, body)
        if path == "/v1/batches" and (self.peace or not self.profile.lazy):
            await self.city.open_some()
        if answer.status == 200:
            self.old_answers.append(answer.body)
            self._check_receipt(answer.body)
        return answer

    def _check_receipt(self, message: bytes) -> None:
        """S5: what the city signs is committed there."""
        try:
            receipt = verify_receipt(message, self.find_city_key)
        except ProtocolError:
            return
        row = self.city.memory.raw.execute(
            "SELECT size FROM log WHERE lid = ?", (receipt.lid,)
        ).fetchone()
        if row is None or row[0] < receipt.size:
            self.complaints.append(f"S5: a receipt for {receipt.size} records of {row}")

    def _stranger(self) -> Answer:
        """A captive portal, a broken proxy, or somebody who replays and forges."""
        luck = self.luck
        old = luck.choice(self.old_answers) if self.old_answers else b"\xd2\x84"
        return luck.choice(
            (
                Answer(200, "text/html", "", b"<html>log in</html>", 0.1),
                Answer(302, "text/html", "", b"", 0.1),
                Answer(500, "text/plain", "", b"", 0.1),
                Answer(503, "text/plain", "30", b"", 0.1),
                Answer(429, "text/plain", "30", b"", 0.1),
                Answer(200, MEDIA_TYPE, "", old, 0.1),
                Answer(200, MEDIA_TYPE, "", _spoil(old, luck), 0.1),
            )
        )


def _spoil(data: bytes, luck: random.Random) -> bytes:
    if not data:
        return data
    at = luck.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << luck.randrange(8)]) + data[at + 1 :]
