"""Decides what becomes of a batch (SPEC: the city accepts a batch).

Responsible for: comparing what a batch says with what is stored of the same log, and the notices a
new log gives about its parent. Pure: the caller reads the stored head and leaves, and carries the
decision out in the same transaction.

Rules: a stored leaf is never replaced; a batch that overlaps what is stored is compared leaf by
leaf; two histories of one log are a fork, never an error to be overwritten. It must not know how
bytes travel, how they are sealed or what the records mean.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from sync.protocol import merkle
from sync.protocol.merkle import Frontier


class Refusal(StrEnum):
    """Why a well-formed batch is not taken into its log."""

    GAP = "gap"
    FORK = "fork"
    ROOT_MISMATCH = "root_mismatch"
    FOREIGN = "log_id_mismatch"
    """The log belongs to another station."""


class NoticeCode(StrEnum):
    """What a person must look at; the values are in WELCOME and on the page."""

    ROLLBACK = "rollback"
    """A new log begins before the end of its parent: the station lost records the city has."""
    BRANCH = "branch"
    """Two logs name the same parent: a card was restored or copied."""
    BRANCH_OTHER_HARDWARE = "branch_other_hardware"
    """Two logs with one parent come from different machines: a copied card."""
    MISSING_TAIL = "missing_tail"
    """A parent's promised end has not come for a day."""
    PARKED_LONG = "parked_long"
    """A record has waited a day for an earlier one of its dossier."""
    LOST_ARCHIVED = "lost_archived"
    """The station says that the city lost what it had promised to have in a backup."""


class Claim(NamedTuple):
    """What a batch says: `leaves` take the positions `first`, `first` + 1, … of the log."""

    first: int
    previous_root: bytes
    root: bytes
    leaves: Sequence[bytes]

    @property
    def end(self) -> int:
        """The size of the log after this batch."""
        return self.first + len(self.leaves)


class Held(NamedTuple):
    """What is stored of a log: its size and the frontier of its leaves."""

    size: int
    frontier: Frontier


NOTHING = Held(0, merkle.EMPTY_FRONTIER)


class Accept(NamedTuple):
    """Store the leaves after the first `skip` ones; the log then is `held`."""

    skip: int
    held: Held


class Duplicate(NamedTuple):
    """Everything in the batch is stored already."""


class Refuse(NamedTuple):
    """Take nothing. `have` is the stored size; a fork is kept in quarantine."""

    reason: Refusal
    have: int


Decision = Accept | Duplicate | Refuse


def decide(claim: Claim, held: Held, overlap: Sequence[bytes]) -> Decision:
    """What to do with a batch.

    `overlap` holds the stored leaves of the positions `first` … min(`end`, stored size) - 1.
    """
    if claim.first > held.size:
        return Refuse(Refusal.GAP, held.size)
    skip = len(overlap)
    diverged = claim.first == held.size and merkle.root(held.frontier) != claim.previous_root
    if diverged or list(claim.leaves[:skip]) != list(overlap):
        return Refuse(Refusal.FORK, held.size)
    if claim.end < held.size:
        return Duplicate()
    frontier = merkle.extend(held.frontier, held.size, claim.leaves[skip:])
    if merkle.root(frontier) != claim.root:
        # With an overlap that agrees, only an earlier prefix can differ.
        reason = Refusal.FORK if skip else Refusal.ROOT_MISMATCH
        return Refuse(reason, held.size)
    if claim.end == held.size:
        return Duplicate()
    return Accept(skip, Held(claim.end, frontier))


def overlap_end(claim: Claim, held: Held) -> int:
    """The position after the last stored leaf that `decide` must be shown."""
    return min(claim.end, held.size)


def find_notices(
    parent_size: int, stored_parent_size: int, siblings: int
) -> tuple[NoticeCode, ...]:
    """What a new log says about its parent.

    `parent_size` is the size the new log gives its parent, `stored_parent_size` what the city has
    of it, `siblings` how many other logs already name the same parent.
    """
    notices = []
    if parent_size < stored_parent_size:
        notices.append(NoticeCode.ROLLBACK)
    if siblings:
        notices.append(NoticeCode.BRANCH)
    return tuple(notices)


class KnownLog(NamedTuple):
    """A log of a station at the city; `hardware_id` is None until its genesis was opened."""

    lid: bytes
    hardware_id: bytes | None


def find_forgotten(
    known: Sequence[KnownLog], named: Collection[bytes], maximum: int
) -> list[bytes]:
    """Logs that a station which names all of its logs does not name: it has lost them.

    `known` are the station's logs at the city, newest first. Only those of the machine that made
    the newest named log count: another machine's are those of a copied card.
    """
    told = next((log for log in known if log.lid in named and log.hardware_id), None)
    newest = told or next((log for log in known if log.hardware_id), None)
    if newest is None:
        return []
    lost = (
        log.lid for log in known if log.lid not in named and log.hardware_id == newest.hardware_id
    )
    return list(islice(lost, max(0, maximum)))
