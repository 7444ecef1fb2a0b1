"""A station for tests: keys, a log in memory, and the messages it would send."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.dictionary import CURRENT_DICTIONARY
from sync.protocol import merkle
from sync.protocol.batch import BatchInput, SealingTime, build_batch
from sync.protocol.canonical import Value
from sync.protocol.control_records import ControlBody, control_record
from sync.protocol.entries import withheld
from sync.protocol.handshake import Hello, LogHead, sign_hello
from sync.protocol.record import (
    Genesis,
    LogIdentity,
    Parent,
    Record,
    RecordTime,
    encode_record,
    genesis_record,
    log_id,
)
from sync.protocol.request import StationRequest, sign_request

TIME = RecordTime(1000, 1_795_000_000_000, 2)
BOOT_ID = b"bootboot"
HARDWARE = b"the same board!!"
SEALED_AT = SealingTime(BOOT_ID, TIME)


@dataclass
class Log:
    """One log: encoded records and their leaves."""

    identity: LogIdentity
    parent: Parent | None
    raws: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)

    @property
    def lid(self) -> bytes:
        return log_id(self.identity)

    @property
    def size(self) -> int:
        return len(self.raws)

    def root(self, size: int | None = None) -> bytes:
        return merkle.root_of(self.leaves[: self.size if size is None else size])

    def push(self, record: Record) -> Record:
        raw = encode_record(record)
        self.raws.append(raw)
        self.leaves.append(merkle.leaf_hash(raw))
        return record

    def copy(self) -> "Log":
        return Log(self.identity, self.parent, list(self.raws), list(self.leaves))


class SimulatedStation:
    """Everything a real station would hold, from a seed."""

    def __init__(self, seed: int = 1, code: int = 26560) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable tests
        self.code = code
        self.node_id = self.random.randbytes(16)
        self.signing_key = Ed25519PrivateKey.from_private_bytes(self.random.randbytes(32))
        self.encryption_key = X25519PrivateKey.from_private_bytes(self.random.randbytes(32))
        self.logs: list[Log] = []
        self.open_log()

    @property
    def log(self) -> Log:
        return self.logs[-1]

    def open_log(
        self, parent: Parent | None = None, *, boot_id: bytes = BOOT_ID, hardware: bytes = b""
    ) -> Log:
        if parent is None and self.logs:
            parent = Parent(self.log.lid, self.log.size, self.log.root())
        identity = LogIdentity(self.node_id, len(self.logs), self.random.randbytes(8), 1)
        log = Log(identity, parent)
        genesis = Genesis(
            identity, self.code, parent, boot_id, "start", "test", hardware or HARDWARE, None
        )
        log.push(genesis_record(genesis, TIME))
        self.logs.append(log)
        return log

    def append(
        self,
        kind: int = 16,
        *,
        eid: bytes | None = None,
        subject: bytes | None = None,
        version: int = 1,
        body: bytes | None = None,
        log: Log | None = None,
        ext: dict[int | str, Value] | None = None,
    ) -> Record:
        log = log or self.log
        subject = subject or self.random.randbytes(16)
        if body is None:
            body = self.body(log.size)
        eid = eid or self.random.randbytes(16)
        return log.push(Record(log.size, kind, eid, subject, version, TIME, 0, body, ext))

    def say(self, content: ControlBody, time: RecordTime = TIME) -> Record:
        """Append one of the protocol's own records."""
        return self.log.push(control_record(content, self.log.size, time))

    def body(self, number: int, padding: int = 0) -> bytes:
        return msgspec.json.encode(
            {
                "type": "dossier.submitted",
                "dossier_no": f"T{self.code}-TEST-{number:05}-0",
                "procedure_id": "temporary-residence",
                "applicant": {"full_name": "Nguyễn Văn Thử"},
                "padding": self.random.randbytes(padding // 2).hex(),
            }
        )

    def append_many(self, count: int) -> None:
        for _ in range(count):
            self.append()

    def batch(
        self,
        city: X25519PublicKey,
        first: int = 0,
        count: int | None = None,
        *,
        log: Log | None = None,
        hidden: Sequence[int] = (),
    ) -> bytes:
        log = log or self.log
        end = log.size if count is None else first + count
        entries = [
            withheld(number, log.leaves[number]) if number in hidden else log.raws[number]
            for number in range(first, end)
        ]
        batch_input = BatchInput(
            log.identity,
            log.parent,
            self.code,
            first,
            log.root(first),
            log.root(end),
            entries,
            SEALED_AT,
        )
        return self.seal(batch_input, city)

    def seal(self, batch_input: BatchInput, city: X25519PublicKey) -> bytes:
        return build_batch(
            batch_input,
            signing_key=self.signing_key,
            recipient=city,
            dictionary=CURRENT_DICTIONARY,
        )

    def hello(self, nonce: bytes = b"n" * 16, logs: Sequence[LogHead] | None = None) -> bytes:
        heads = [LogHead(log.lid, log.size, log.root()) for log in self.logs]
        hello = Hello(
            self.node_id, self.code, nonce, tuple(heads if logs is None else logs), SEALED_AT
        )
        return sign_hello(hello, self.signing_key)

    def request(self, code_secret: bytes | None = None) -> bytes:
        request = StationRequest(
            self.node_id,
            self.code,
            self.signing_key.public_key().public_bytes_raw(),
            self.encryption_key.public_key().public_bytes_raw(),
            self.random.randbytes(16),
            "test",
        )
        return sign_request(request, self.signing_key, code_secret)
