"""A line to the city that tests may bend, and the keyset of the city that they speak with."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.daemon.answers import Answer
from sync.daemon.ports import Request
from sync.daemon.transport import Transport
from sync.protocol.keyset import Keyset
from tests.city.down_server import KEYS


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


KEYSET = Keyset(
    city_id=KEYS.city_id,
    version=1,
    root_keys=(raw(KEYS.receipt_key),),
    threshold=1,
    ca_keys=(raw(KEYS.receipt_key),),
    receipt_keys=(raw(KEYS.receipt_key),),
    feed_keys=(raw(KEYS.feed_key),),
    encryption_keys=(KEYS.encryption_key.public_key().public_bytes_raw(),),
)


@dataclass
class Meddler:
    """A line that a test may bend: `answers` take the place of the city's, once each."""

    transport: Transport
    asked: list[Request] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        if self.answers:
            return self.answers.pop(0)
        return await self.transport.ask(request)
