"""What records do to the dossiers of the register: versions, gaps, owners, on values."""

from hypothesis import given
from hypothesis import strategies as st

from sync.city.archive.dossiers import Changes, Dossier, Place, Waiting, advance, changing
from sync.city.archive.port import Command, VerdictCode

PLACE = Place(log_id=1, station=26560, now_ms=0)
SUBJECT = b"d" * 16
STATES = ("submitted", "received", "in_process", "finished", "handed_over")


def command(version: int, *, verdict: VerdictCode | None = None, sequence: int = 0) -> Command:
    state = "" if verdict else STATES[version - 1]
    kind = 900 if verdict else 15 + version
    return Command(
        sequence or version,
        bytes(16),
        bytes(16),
        kind,
        SUBJECT,
        version,
        "T-1",
        "p",
        state,
        verdict,
    )


def dossier_of(changes: Changes) -> Dossier:
    (dossier,) = (*changes.opened, *changes.changed)
    return dossier


def enter(commands: list[Command], place: Place = PLACE) -> tuple[Dossier | None, list[Waiting]]:
    """Each command in an opening of its own, as the archives do it."""
    known: dict[bytes, Dossier] = {}
    parked: list[Waiting] = []
    for one in commands:
        changes = advance(place, changing([one], frozenset()), known, parked)
        for dossier in (*changes.opened, *changes.changed):
            known[dossier.dossier_id] = dossier
        gone = [*changes.unparked, *changes.rejected]
        parked = [item for item in (*parked, *changes.parked) if item not in gone]
    return known.get(SUBJECT), parked


@given(st.permutations([1, 2, 3, 4, 5]))
def test_the_register_ends_the_same_in_whatever_order_records_come(order: list[int]) -> None:
    dossier, parked = enter([command(version) for version in order])
    assert dossier == Dossier(SUBJECT, "T-1", 26560, "p", "handed_over", 5, 20, 5)
    assert parked == []


@given(st.permutations([1, 2, 3]))
def test_a_record_nobody_understands_takes_its_place_and_is_no_event(order: list[int]) -> None:
    records = {
        1: command(1),
        2: command(2, verdict=VerdictCode.UNKNOWN_KIND),
        3: command(3),
    }
    dossier, parked = enter([records[version] for version in order])
    assert dossier == Dossier(SUBJECT, "T-1", 26560, "p", "in_process", 3, 18, 2)
    assert parked == []


def test_a_later_version_waits_and_says_so() -> None:
    changes = advance(PLACE, [command(3)], {}, [])
    assert [item.version for item in changes.parked] == [3]
    assert [verdict.code for verdict in changes.verdicts] == [VerdictCode.PARKED]


def test_a_dossier_of_another_station_is_not_changed() -> None:
    mine = dossier_of(advance(PLACE, [command(1)], {}, []))
    other = PLACE._replace(station=26526)
    changes = advance(other, [command(2)], {SUBJECT: mine}, [])
    assert (changes.opened, changes.changed, changes.parked) == ([], [], [])
    assert [verdict.code for verdict in changes.verdicts] == [VerdictCode.REJECTED]


def test_what_took_effect_before_and_what_has_no_dossier_changes_nothing() -> None:
    loose = command(1)._replace(subject=None)
    assert changing([command(1), command(2), loose], frozenset({1})) == [command(2)]
