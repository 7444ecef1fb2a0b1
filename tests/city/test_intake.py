"""The decision about a batch: pure, and the same archive whatever way the log is cut."""

from hypothesis import given
from hypothesis import strategies as st

from sync.city.intake import (
    NOTHING,
    Accept,
    Claim,
    Decision,
    Duplicate,
    Held,
    KnownLog,
    NoticeCode,
    Refusal,
    Refuse,
    decide,
    find_forgotten,
    find_notices,
    overlap_end,
)
from sync.protocol import merkle


class Shelf:
    """The smallest archive that carries decisions out."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.held = NOTHING

    def offer(self, claim: Claim) -> Decision:
        overlap = self.leaves[claim.first : overlap_end(claim, self.held)]
        decision = decide(claim, self.held, overlap)
        if isinstance(decision, Accept):
            self.leaves += claim.leaves[decision.skip :]
            self.held = decision.held
        return decision


def leaves_of(count: int, branch: int = 0, common: int = 0) -> list[bytes]:
    return [
        merkle.leaf_hash(bytes([number % 256, branch if number >= common else 0]))
        for number in range(count)
    ]


def claim_of(leaves: list[bytes], first: int, end: int) -> Claim:
    return Claim(
        first, merkle.root_of(leaves[:first]), merkle.root_of(leaves[:end]), leaves[first:end]
    )


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A log's size and ranges of it, in any order, overlapping and repeated."""
    size = draw(st.integers(1, 40))
    edge = st.integers(0, size)
    pairs = draw(st.lists(st.tuples(edge, edge), max_size=25))
    ranges = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    return size, ranges


@given(cuts())
def test_any_cutting_order_and_repetition_ends_in_the_same_archive(
    case: tuple[int, list[tuple[int, int]]],
) -> None:
    size, ranges = case
    leaves = leaves_of(size)
    shelf = Shelf()
    for first, end in ranges:
        before = len(shelf.leaves)
        decision = shelf.offer(claim_of(leaves, first, end))
        if first > before:
            assert decision == Refuse(Refusal.GAP, before)
        elif end <= before:
            assert decision == Duplicate()
        else:
            assert isinstance(decision, Accept)
        assert shelf.leaves == leaves[: len(shelf.leaves)]
    # The station asks where the city stands and sends the rest.
    if len(shelf.leaves) < size:
        shelf.offer(claim_of(leaves, len(shelf.leaves), size))
    assert shelf.leaves == leaves
    assert merkle.root(shelf.held.frontier) == merkle.root_of(leaves)


@given(st.data())
def test_a_different_history_never_changes_what_is_stored(data: st.DataObject) -> None:
    stored = data.draw(st.integers(1, 30), "stored")
    common = data.draw(st.integers(0, stored - 1), "common")
    size = data.draw(st.integers(common + 1, 40), "size of the branch")
    first = data.draw(st.integers(0, size - 1), "first")
    end = data.draw(st.integers(first + 1, size), "end")
    shelf = Shelf()
    shelf.offer(claim_of(leaves_of(stored), 0, stored))
    held, kept = shelf.held, list(shelf.leaves)
    decision = shelf.offer(claim_of(leaves_of(size, 1, common), first, end))
    assert (shelf.held, shelf.leaves) == (held, kept)
    if first > stored:
        assert decision == Refuse(Refusal.GAP, stored)
    elif end <= common:
        assert decision == Duplicate()
    elif first <= common or first == stored or end >= stored:
        assert decision == Refuse(Refusal.FORK, stored)


def test_a_wrong_root_with_nothing_stored_before_it_is_not_a_fork() -> None:
    leaves = leaves_of(3)
    claim = claim_of(leaves, 0, 3)._replace(root=b"\0" * 32)
    assert decide(claim, NOTHING, []) == Refuse(Refusal.ROOT_MISMATCH, 0)


def test_a_wrong_root_behind_an_agreeing_overlap_is_a_fork() -> None:
    leaves = leaves_of(4)
    held = Held(2, merkle.extend((), 0, leaves[:2]))
    claim = claim_of(leaves, 1, 4)._replace(root=b"\0" * 32)
    assert decide(claim, held, leaves[1:2]) == Refuse(Refusal.FORK, 2)


def test_the_overlap_is_what_is_compared() -> None:
    """Without the stored leaves a fork would pass for a duplicate."""
    held = Held(3, merkle.extend((), 0, leaves_of(3)))
    other = claim_of(leaves_of(2, 1), 0, 2)
    assert decide(other, held, leaves_of(2)) == Refuse(Refusal.FORK, 3)
    assert decide(other, held, other.leaves) == Duplicate()


def test_notices_about_the_parent() -> None:
    assert find_notices(5, 5, 0) == ()
    assert find_notices(9, 5, 0) == ()
    assert find_notices(4, 5, 0) == (NoticeCode.ROLLBACK,)
    assert find_notices(5, 5, 1) == (NoticeCode.BRANCH,)


A_BOARD, B_BOARD = b"a" * 16, b"b" * 16


def logs(*boards: bytes | None) -> list[KnownLog]:
    """Newest first, named by their number from the oldest."""
    count = len(boards)
    return [KnownLog(bytes([count - at]) * 16, board) for at, board in enumerate(boards)]


def test_a_card_set_back_hears_of_the_logs_it_has_lost() -> None:
    known = logs(A_BOARD, A_BOARD, A_BOARD)
    assert find_forgotten(known, {known[2].lid}, 10) == [known[0].lid, known[1].lid]
    assert find_forgotten(known, {known[2].lid}, 1) == [known[0].lid]
    assert find_forgotten(known, {log.lid for log in known}, 10) == []
    assert find_forgotten(known, set(), 10) == [log.lid for log in known]
    assert find_forgotten([], set(), 10) == []


def test_a_copied_card_does_not_hear_of_the_other_ones_logs() -> None:
    known = logs(B_BOARD, A_BOARD, B_BOARD, A_BOARD)
    mine = {known[1].lid, known[3].lid}
    theirs = {known[0].lid, known[2].lid, known[3].lid}
    assert find_forgotten(known, mine, 10) == []
    assert find_forgotten(known, theirs, 10) == []


def test_a_log_nobody_has_opened_yet_is_not_told() -> None:
    known = logs(None, A_BOARD)
    assert find_forgotten(known, {known[1].lid}, 10) == []
