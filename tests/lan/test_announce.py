"""Somebody who looks for stations on the LAN finds this one, and no longer when it stops."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import pytest
from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from edge_node.lan.announce import API_VERSION, SERVICE_TYPE, Announcement, announced

HERE = "127.0.0.1"
TIMEOUT_S = 30
ASK_TIMEOUT_MS = 10_000


class Seeker:
    """A browser on loopback that writes down what comes and goes."""

    def __init__(self, directory: AsyncZeroconf) -> None:
        self.directory = directory
        self.changes: asyncio.Queue[tuple[str, ServiceStateChange]] = asyncio.Queue()

    def heard(
        self,
        zeroconf: Zeroconf,  # noqa: ARG002 - the library passes everything by name
        service_type: str,  # noqa: ARG002
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        self.changes.put_nowait((name, state_change))

    async def until(self, name: str, wanted: ServiceStateChange) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while await self.changes.get() != (name, wanted):
                pass

    async def facts(self, name: str) -> AsyncServiceInfo:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        assert await info.async_request(self.directory.zeroconf, ASK_TIMEOUT_MS)
        return info


@pytest.fixture
async def seeker() -> AsyncIterator[Seeker]:
    directory = AsyncZeroconf(interfaces=[HERE], ip_version=IPVersion.V4Only)
    seeking = Seeker(directory)
    browser = AsyncServiceBrowser(directory.zeroconf, SERVICE_TYPE, handlers=[seeking.heard])
    yield seeking
    await browser.async_cancel()
    await directory.async_close()


async def test_a_station_is_found_with_its_facts_and_leaves(seeker: Seeker) -> None:
    async with announced(Announcement("26560", HERE, 8443, "0.1.0")) as info:
        assert info is not None
        await seeker.until(info.name, ServiceStateChange.Added)
        found = await seeker.facts(info.name)
        assert found.decoded_properties == {
            "station": "26560",
            "api": API_VERSION,
            "version": "0.1.0",
        }
        assert (found.port, found.parsed_addresses()) == (8443, [HERE])
        assert found.server == "edge-node-26560.local."
    await seeker.until(info.name, ServiceStateChange.Removed)


async def test_two_nodes_of_one_station_get_two_names(seeker: Seeker) -> None:
    announcement = Announcement("26560", HERE, 8443, "0.1.0")
    async with announced(announcement) as first, announced(announcement) as second:
        assert first is not None
        assert second is not None
        assert first.name != second.name
        await seeker.until(second.name, ServiceStateChange.Added)
        assert (await seeker.facts(second.name)).decoded_properties["station"] == "26560"


async def test_a_lan_that_refuses_does_not_stop_the_station(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    for nobodys in ("192.0.2.77", "::1"):
        caplog.clear()
        async with announced(Announcement("26560", nobodys, 8443, "0.1.0")) as info:
            assert info is None
        (record,) = caplog.records
        assert record.getMessage().startswith("not announced on the LAN: ")


async def test_the_wildcard_stands_for_an_address_others_can_reach() -> None:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
    except OSError:
        pytest.skip("needs a default route")
    async with announced(Announcement("26560", "0.0.0.0", 8443, "0.1.0")) as info:  # noqa: S104
        assert info is None or "0.0.0.0" not in info.parsed_addresses()  # noqa: S104
