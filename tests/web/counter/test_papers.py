"""An attached paper in the browser: said as what it is, stored nowhere, able to do nothing."""

from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.station import Station
from tests.web.counter_client import Client, enter, file_dossier, look

PICTURE = b"\xff\xd8\xff<script>alert(1)</script>"
DIGEST = bytes(range(32))


async def _attach(station: Station, dossier_id: str, media_type: str) -> None:
    assert station.vault is not None
    station.vault.open(())
    station.viewing.keep(station.vault.folder, DIGEST, PICTURE)

    def work(transaction: Transaction) -> None:
        connection, key = transaction.connection, bytes.fromhex(dossier_id)
        connection.execute(
            "INSERT INTO blob (digest, plain_digest, plain_bytes, sealed_bytes, key_id,"
            " media_type, subject) VALUES (?, ?, 1, 1, ?, ?, ?)",
            (DIGEST, DIGEST, bytes(8), media_type, key),
        )
        connection.execute(
            "INSERT INTO attachment (dossier_id, name, digest, media_type, bytes, added_at)"
            " VALUES (?, 'ct01-1.jpg', ?, ?, 1, '')",
            (key, DIGEST, media_type),
        )

    await station.store.write(station.moment(), work)


async def test_a_picture_is_shown_in_a_sandbox_and_stored_nowhere(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    await _attach(station, dossier_id, "image/jpeg")
    await enter(client)
    address = f"/counter/dossiers/{dossier_id}/attachments/ct01-1.jpg"
    assert address in await look(client, f"/counter/dossiers/{dossier_id}")
    async with client.get(address) as response:
        assert await response.read() == PICTURE
        assert response.headers["Content-Type"] == "image/jpeg"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_anything_else_is_refused(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await _attach(station, dossier_id, "text/html")
    address = f"/counter/dossiers/{dossier_id}/attachments/ct01-1.jpg"
    async with client.get(address, allow_redirects=False) as response:
        assert response.status == 303
    await enter(client)
    async with client.get(address) as response:
        assert response.status == 415
    async with client.get(address.replace("ct01-1.jpg", "other.jpg")) as response:
        assert response.status >= 400


async def test_a_copy_that_is_gone_is_said(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await _attach(station, dossier_id, "image/jpeg")
    await enter(client)
    assert station.vault is not None
    station.viewing.clear(station.vault.folder)
    assert "đã gửi thành phố" in await look(client, f"/counter/dossiers/{dossier_id}")
    address = f"/counter/dossiers/{dossier_id}/attachments/ct01-1.jpg"
    async with client.get(address) as response:
        assert "không còn bản xem" in await response.text()
