"""Codes on slips: ours are believed, others are not; what cannot be scanned still counts."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.documents.model import TicketSlip
from edge_node.store import paper, print_jobs
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import intake
from edge_node.usecases.intake import Asked
from edge_node.usecases.paper import checking, codes, slip_keys
from edge_node.usecases.paper.checking import Book, Verdict
from edge_node.usecases.station import Station
from sync.protocol.slip import read_slip_text, sign_slip, slip_url, verify_slip
from tests.usecases.samples import APPLICANT, submit
from tests.web.station import make_officer

CHIEF = make_officer("chief", "Phạm Minh Ví Dụ", "1")


async def first_job(station: Station) -> PrintJobRow:
    """The oldest paper as it goes to the printer."""
    row = await station.store.read(lambda connection: print_jobs.find(connection, 1))
    assert row is not None
    return await codes.stamped(station, row)


async def printed(station: Station) -> TicketSlip:
    return msgspec.json.decode((await first_job(station)).slip, type=TicketSlip)


async def test_a_ticket_carries_a_code_that_is_believed_and_names_nobody(station: Station) -> None:
    answer = await submit(station)
    slip = await printed(station)
    checked = await checking.check(station, slip.token_url)
    assert (checked.verdict, checked.book) == (Verdict.VALID, Book.MATCHES)
    assert checked.claims is not None
    assert checked.claims.dossier == answer.dossier_no
    assert checked.claims.sequence == answer.log.seq
    assert checked.claims.lid == bytes.fromhex(answer.log.lid)[:8]
    assert checked.check == slip.check
    assert slip.token_url.startswith("HTTPS://EDGE-NODE-26560.LOCAL/R/")
    token = read_slip_text(slip.token_url)
    for part in (*APPLICANT["full_name"].split(), APPLICANT["id_number"], APPLICANT["phone"]):
        assert part.encode() not in token


async def test_the_same_paper_gets_the_same_code_again(station: Station) -> None:
    await submit(station)
    assert await first_job(station) == await first_job(station)


async def test_a_number_without_a_dossier_has_a_code_too(station: Station) -> None:
    given = await intake.take_ticket(station, "residence", Asked("t1", "kiosk"))
    slip = await printed(station)
    checked = await checking.check(station, slip.token_url)
    assert checked.verdict is Verdict.VALID
    assert checked.claims is not None
    assert checked.claims.ticket == given.ticket.ticket


async def test_without_a_key_the_paper_carries_the_number_only(station: Station) -> None:
    station.slip_key = None
    await submit(station)
    assert (await printed(station)).token_url == ""


async def test_the_key_is_announced_once_before_it_signs(station: Station) -> None:
    await submit(station)
    await first_job(station)
    await first_job(station)

    def ask(connection: Connection) -> int:
        return int(connection.execute("SELECT count(*) FROM record WHERE kind = 136").fetchone()[0])

    assert await station.store.read(ask) == 1


async def test_a_spoken_check_is_as_good_as_a_scan(station: Station) -> None:
    await submit(station)
    slip = await printed(station)
    spoken = f"{slip.dossier_number.lower()} {slip.check}"
    assert (await checking.check(station, spoken)).book is Book.MATCHES
    wrong = slip.check[:-1] + ("0" if slip.check[-1] != "0" else "1")
    assert (await checking.check(station, f"{slip.dossier_number} {wrong}")) == checking.NOT_OURS


async def test_a_forged_or_foreign_code_is_told_apart(station: Station) -> None:
    await submit(station)
    slip = await printed(station)
    token = read_slip_text(slip.token_url)
    spoilt = token[:-1] + bytes([token[-1] ^ 1])
    assert (await checking.check(station, slip_url("x.vn", spoilt))) == checking.NOT_OURS
    assert station.slip_key is not None
    key = station.slip_key.public_key()
    claims = verify_slip(token, lambda _: key).claims
    stranger = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32)
    other = sign_slip(claims._replace(station="26526"), stranger)
    answer = await checking.check(station, slip_url("x.vn", other))
    assert answer.verdict is Verdict.UNKNOWN_KEY
    assert answer.claims is not None
    assert answer.claims.station == "26526"
    for text in ("", "xin chào", "T26560", "A" * 5000, "HTTPS://X.VN/R/AAAA"):
        assert (await checking.check(station, text)) == checking.NOT_OURS


async def test_a_good_signature_over_another_record_differs_from_the_book(station: Station) -> None:
    await submit(station)
    token = read_slip_text((await printed(station)).token_url)
    assert station.slip_key is not None
    key = station.slip_key
    claims = verify_slip(token, lambda _: key.public_key()).claims
    for change in (claims._replace(sequence=9999), claims._replace(leaf=bytes(8))):
        answer = await checking.check(station, slip_url("x.vn", sign_slip(change, key)))
        assert (answer.verdict, answer.book) == (Verdict.VALID, Book.DIFFERS)
    lost = claims._replace(dossier="T26560-0000-00001-0")
    answer = await checking.check(station, slip_url("x.vn", sign_slip(lost, key)))
    assert answer.book is Book.NOT_HERE


async def test_a_revoked_key_keeps_what_it_signed_before(station: Station) -> None:
    await submit(station, "before")
    before = await printed(station)
    new = Ed25519PrivateKey.from_private_bytes(b"\x23" * 32)
    old = station.slip_key
    assert old is not None
    claims = verify_slip(read_slip_text(before.token_url), lambda _: old.public_key()).claims
    await slip_keys.replace(station, CHIEF, new, "mất máy", keep_printed=True)
    late = sign_slip(claims._replace(sequence=claims.sequence + 500), old)
    assert (await checking.check(station, before.token_url)).verdict is Verdict.VALID
    assert (await checking.check(station, slip_url("x.vn", late))).verdict is Verdict.ENDED
    known = await station.store.read(paper.keys)
    assert [row.ended for row in known].count(True) == 1
    await submit(station, "after")
    row = await station.store.read(lambda connection: print_jobs.find(connection, 2))
    assert row is not None
    after = msgspec.json.decode((await codes.stamped(station, row)).slip, type=TicketSlip)
    assert (await checking.check(station, after.token_url)).verdict is Verdict.VALID


async def test_a_stolen_key_can_be_ended_for_everything(station: Station) -> None:
    await submit(station)
    before = await printed(station)
    new = Ed25519PrivateKey.from_private_bytes(b"\x23" * 32)
    await slip_keys.replace(station, CHIEF, new, "khóa bị lộ", keep_printed=False)
    assert (await checking.check(station, before.token_url)).verdict is Verdict.ENDED
