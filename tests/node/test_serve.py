"""The node as a process: ready, told to stop, killed, started twice."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.node.process import Node, config, free_port, run, running, write

TICKETS = "/api/v1/tickets"
RESIDENCE: dict[str, object] = {"service": "residence"}
STREAM_TIMEOUT_S = 20


class HangingPrinter:
    """Takes a whole job and never says that it is done; `printing` is set when a job comes."""

    def __init__(self) -> None:
        self.port = 0
        self.printing = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            if len(data) == 3 and data.startswith(b"\x10\x04"):
                writer.write(b"\x12")  # "ready" to every question how it is
            else:
                self.printing.set()
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["HangingPrinter"]:
        async with await asyncio.start_server(self.serve, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self


def printer(port: int) -> str:
    return (
        '[[printer]]\nid = "ticket"\nrole = "ticket"\nkind = "escpos"\n'
        f'address = "127.0.0.1:{port}"\n'
    )


async def take_ticket(node: Node, key: str) -> object:
    return (await node.post(TICKETS, RESIDENCE, key))["ticket"]


async def test_ready_and_stopped_without_a_word_of_error(tmp_path: Path) -> None:
    port = free_port()
    async with running(write(tmp_path, config(port))) as node:
        assert node.url == f"http://127.0.0.1:{port}"
        report = await node.get("/api/v1/health")
        assert report["backlog"] == {"events": 0, "dossiers": 0, "oldest_s": None}
        ended = await node.stop()
    assert ended.status == 0
    assert ended.stdout == "", "READY is the only line"
    assert "Traceback" not in ended.stderr


async def test_stops_in_time_with_a_page_listening_and_a_printer_hanging(tmp_path: Path) -> None:
    async with HangingPrinter().listening() as hanging:
        path = write(tmp_path, config(free_port(), printer(hanging.port)))
        async with running(path) as node:
            live = node.session.get(
                f"{node.url}/live/display", headers={"Sec-Fetch-Site": "same-origin"}
            )
            async with live as stream, asyncio.timeout(STREAM_TIMEOUT_S):
                assert stream.content_type == "text/event-stream"
                _ = await stream.content.readline()
                assert await take_ticket(node, "t1") == "A001"
                await hanging.printing.wait()
                ended = await node.stop()
        assert ended.status == 0, ended.stderr
        assert "Traceback" not in ended.stderr


async def test_a_paper_that_was_on_its_way_is_never_printed_again_by_itself(
    tmp_path: Path,
) -> None:
    dossier: dict[str, object] = {
        "procedure_id": "res-temporary",
        "applicant": {"full_name": "Nguyễn Thị Mẫu", "id_number": "079190000017"},
    }
    async with HangingPrinter().listening() as hanging:
        path = write(tmp_path, config(free_port(), printer(hanging.port)))
        async with running(path) as node:
            saved = await node.post("/api/v1/dossiers", dossier, "d1")
            await hanging.printing.wait()
            await node.kill()
        hanging.printing.clear()
        async with running(path) as node:
            assert await node.post("/api/v1/dossiers", dossier, "d1") == saved
            view = await node.get(f"/api/v1/dossiers/{saved['dossier_no']}")
            jobs = view["print_jobs"]
            assert isinstance(jobs, list)
            assert [job["state"] for job in jobs] in (["sent"], ["unknown"])
            assert await take_ticket(node, "t2") == "A002"
            await hanging.printing.wait()  # the loop has gone on to the next paper
            view = await node.get(f"/api/v1/dossiers/{saved['dossier_no']}")
            jobs = view["print_jobs"]
            assert isinstance(jobs, list)
            assert [job["state"] for job in jobs] == ["unknown"]
            assert (await node.stop()).status == 0


async def test_the_service_manager_hears_ready_and_stopping(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(STREAM_TIMEOUT_S)
        environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"}
        async with running(write(tmp_path, config(free_port())), environment) as node:
            heard = [manager.recv(200), manager.recv(200)]
            ended = await node.stop()
        heard.append(manager.recv(200))
    states = b"\n".join(heard).decode().split("\n")
    assert states[-1] == "STOPPING=1"
    assert {"READY=1", "WATCHDOG=1", f"STATUS=serving {node.url}"} <= set(states)
    assert ended.status == 0


async def test_a_second_node_on_the_same_files_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, config(free_port()))
    async with running(path) as node:
        elsewhere = tmp_path / "second.toml"
        elsewhere.write_text(config(free_port()), encoding="utf-8")
        for second in (path, str(elsewhere)):
            ended = await run("serve", "--config", second)
            assert ended.status == 3
            assert len(ended.stderr.splitlines()) == 1
            assert "another node runs" in ended.stderr
        assert await take_ticket(node, "t1") == "A001"
        await node.kill()
    async with running(path) as node:
        assert await take_ticket(node, "t2") == "A002"
        assert (await node.stop()).status == 0


async def test_tls_by_the_stations_own_authority_and_private_files(tmp_path: Path) -> None:
    path = write(tmp_path, config(free_port(), tls="station-ca"))
    async with running(path) as node:
        authority = tmp_path / "state" / "tls" / "authority.pem"
        context = ssl.create_default_context(cafile=str(authority))
        for host in ("127.0.0.1", "localhost"):
            url = node.url.replace("127.0.0.1", host)
            async with node.session.get(f"{url}/api/v1/health", ssl=context) as answer:
                assert answer.status == 200
        try:
            async with node.session.get(f"{node.url}/api/v1/health"):
                raise AssertionError("the system's authorities must not know the station")
        except aiohttp.ClientConnectorCertificateError:
            pass
        assert (await node.stop()).status == 0
    for file in (tmp_path / "state").rglob("*key*"):
        assert file.stat().st_mode & 0o077 == 0, file


async def test_no_token_and_no_person_in_the_log(tmp_path: Path) -> None:
    async with running(write(tmp_path, config(free_port()))) as node:
        body: dict[str, object] = {
            "procedure_id": "res-temporary",
            "applicant": {"full_name": "Nguyễn Thị Mẫu", "id_number": "079190000017"},
        }
        saved = await node.post("/api/v1/dossiers", body, "a key")
        await node.get(f"/api/v1/dossiers/{saved['dossier_no']}")
        ended = await node.stop()
    for secret in ("thiet-bi", "Nguyễn", "0791900000", "a key"):
        assert secret not in ended.stderr


async def test_a_request_that_is_no_http_is_not_quoted_in_the_log(tmp_path: Path) -> None:
    port = free_port()
    async with running(write(tmp_path, config(port))) as node:
        for line in (b"GET /kiosk?name=Mau HTTP/9.9", b"GET / HTTP/1.1\r\nbad header secret-token"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(line + b"\r\n\r\n")
            async with asyncio.timeout(STREAM_TIMEOUT_S):
                answer = await reader.read()
            writer.close()
            assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400")), answer
        ended = await node.stop()
    assert "a request that is no HTTP was refused" in ended.stderr
    for word in ("Mau", "secret-token", "Traceback"):
        assert word not in ended.stderr
