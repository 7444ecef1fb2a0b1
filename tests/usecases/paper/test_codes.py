"""Codes on slips: ours are believed, others are not; what cannot be scanned still counts."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.documents.model import TicketSlip
from edge_node.store import paper, print_jobs, stated_keys
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.stated_keys import StatedKey
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases import intake
from edge_node.usecases.intake import Asked
from edge_node.usecases.paper import checking, codes, slip_keys
from edge_node.usecases.paper.checking import Book, Verdict
from edge_node.usecases.station import Station
from sync.protocol.slip import Claims, read_slip_text, sign_slip, slip_url, verify_slip
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


WARD = Ed25519PrivateKey.from_private_bytes(b"\x33" * 32)
WARD_RAW = WARD.public_key().public_bytes_raw()


def of_ward(lid: bytes = b"l" * 16, sequence: int = 3, station: str = "26526") -> str:
    claims = Claims(station, 1_795_392_000, lid[:8], sequence, dossier="T26526-7KXM-00001-6")
    return slip_url("x.vn", sign_slip(claims, WARD))


async def stated(station: Station, *keys: StatedKey) -> None:
    def work(transaction: Transaction) -> None:
        for key in keys:
            stated_keys.state(transaction, key)

    await station.store.write(station.moment(), work)


async def test_a_slip_of_another_ward_is_checked_by_the_key_the_city_stated(
    station: Station,
) -> None:
    assert (await checking.check(station, of_ward())).verdict is Verdict.UNKNOWN_KEY
    await stated(station, StatedKey("26526", WARD_RAW))
    checked = await checking.check(station, of_ward())
    assert (checked.verdict, checked.book) == (Verdict.VALID, Book.ELSEWHERE)
    assert checked.claims is not None
    assert (checked.claims.station, checked.dossier_id) == ("26526", None)
    token = read_slip_text(of_ward())
    spoilt = slip_url("x.vn", token[:-1] + bytes([token[-1] ^ 1]))
    assert await checking.check(station, spoilt) == checking.NOT_OURS


async def test_the_end_of_a_wards_key_counts_by_position_and_is_never_taken_back(
    station: Station,
) -> None:
    end = StatedKey("26526", WARD_RAW, ended=True, positions=((b"l" * 16, 4),))
    await stated(station, end, StatedKey("26526", WARD_RAW))
    assert (await checking.check(station, of_ward())).verdict is Verdict.VALID
    late = await checking.check(station, of_ward(sequence=4))
    assert (late.verdict, late.book) == (Verdict.ENDED, Book.ELSEWHERE)
    await stated(station, StatedKey("26526", WARD_RAW, ended=True))
    assert (await checking.check(station, of_ward())).verdict is Verdict.ENDED


async def test_a_wards_key_proves_slips_of_that_ward_only(station: Station) -> None:
    await stated(station, StatedKey("26526", WARD_RAW))
    for code in ("26560", "26734"):
        assert await checking.check(station, of_ward(station=code)) == checking.NOT_OURS
    # A ward that passes another's key off as its own changes nothing for that other one.
    await stated(station, StatedKey("26000", WARD_RAW), StatedKey("26999", WARD_RAW))
    assert (await checking.check(station, of_ward())).verdict is Verdict.VALID
    assert (await checking.check(station, of_ward(station="26999"))).book is Book.ELSEWHERE


async def test_a_key_this_station_lost_is_known_again_from_the_city(station: Station) -> None:
    """After a new card the book is asked as for every slip of this station."""
    await stated(station, StatedKey("26560", WARD_RAW))
    checked = await checking.check(station, of_ward(station="26560"))
    assert (checked.verdict, checked.book) == (Verdict.VALID, Book.NOT_HERE)
