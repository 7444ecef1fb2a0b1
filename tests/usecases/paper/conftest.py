from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.usecases.station import Station
from tests.web.station import TestClock, open_station

SLIP_KEY = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)


@pytest.fixture
async def station(tmp_path: Path, clock: TestClock) -> AsyncIterator[Station]:
    """A station that can sign slips."""
    async with open_station(tmp_path, clock) as opened:
        opened.slip_key = SLIP_KEY
        yield opened
