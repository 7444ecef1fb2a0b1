"""What records do to the dossiers of the register, on values.

Responsible for: versions of a dossier in their order, what waits for a gap among them, and whose a
dossier is. Pure: the caller reads the dossiers and what waits for them, and writes the changes in
the same transaction. Rules: the record with the newest version decides a dossier's state, so the
register ends the same in whatever order the logs arrive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sync.city.archive.port import Command, Verdict, VerdictCode
from sync.city.vocabulary import DOSSIER_KINDS


class Place(NamedTuple):
    """Whose records these are; milliseconds since 1970 UTC."""

    log_id: int
    station: int
    now_ms: int


class Dossier(NamedTuple):
    """A row of the register."""

    dossier_id: bytes
    dossier_no: str
    station: int
    procedure_id: str
    state: str
    version: int
    last_kind: int
    events: int


class Waiting(NamedTuple):
    """A record that waits for an earlier version of its dossier, and what it will change.

    One that only takes its place among the versions (its kind is unknown, its body unreadable)
    does not count.
    """

    dossier_id: bytes
    version: int
    log_id: int
    sequence: int
    station: int
    kind: int
    dossier_no: str
    procedure_id: str
    state: str
    counts: bool


@dataclass(slots=True)
class Changes:
    """What is to be written. `unparked` and `rejected` waited before; some perhaps not for long."""

    opened: list[Dossier] = field(default_factory=list)
    changed: list[Dossier] = field(default_factory=list)
    parked: list[Waiting] = field(default_factory=list)
    unparked: list[Waiting] = field(default_factory=list)
    rejected: list[Waiting] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


class _Desk:
    """The dossiers at hand while the records of one opening are entered."""

    def __init__(
        self, place: Place, known: Mapping[bytes, Dossier], parked: Sequence[Waiting]
    ) -> None:
        self.place = place
        self.before = known
        self.now = dict(known)
        self.waiting: dict[bytes, list[Waiting]] = {}
        for item in parked:
            self.waiting.setdefault(item.dossier_id, []).append(item)
        self.changes = Changes()

    def open(self, command: Waiting) -> None:
        """A first version: it opens its dossier, whatever else of it is known."""
        dossier = self.now.get(command.dossier_id)
        if dossier is None:
            self.now[command.dossier_id] = Dossier(
                command.dossier_id,
                command.dossier_no,
                command.station,
                command.procedure_id,
                command.state,
                command.version,
                command.kind,
                int(command.counts),
            )
        elif not self._set(command, command.version):
            self._reject(command)

    def change(self, command: Waiting) -> None:
        """A later version: it changes its dossier, waits, or is not this station's to send."""
        dossier = self.now.get(command.dossier_id)
        if dossier is not None and self._set(command, dossier.version + 1):
            return
        if dossier is not None and dossier.station != command.station:
            self._reject(command)
        elif command.version > 1:
            self.waiting.setdefault(command.dossier_id, []).append(command)
            self.changes.parked.append(command)
            if command.counts:
                verdict = Verdict(command.sequence, VerdictCode.PARKED, command.kind)
                self.changes.verdicts.append(verdict)

    def fill(self, dossier_id: bytes) -> None:
        """Enter what waited for this dossier, version after version, as far as it goes."""
        waiting = self.waiting.get(dossier_id, [])
        waiting.sort(key=lambda item: (item.version, item.log_id, item.sequence))
        while waiting and dossier_id in self.now:
            if waiting[0].version > self.now[dossier_id].version + 1:
                return
            item = waiting.pop(0)
            good = self._set(item, self.now[dossier_id].version + 1)
            (self.changes.unparked if good else self.changes.rejected).append(item)

    def finish(self) -> Changes:
        """Everything that became different."""
        for dossier_id, dossier in self.now.items():
            before = self.before.get(dossier_id)
            if before is None:
                self.changes.opened.append(dossier)
            elif before != dossier:
                self.changes.changed.append(dossier)
        return self.changes

    def _set(self, command: Waiting, highest: int) -> bool:
        old = self.now[command.dossier_id]
        if old.station != command.station or command.version > highest:
            return False
        newest = command.version >= old.version
        self.now[command.dossier_id] = old._replace(
            dossier_no=old.dossier_no or command.dossier_no,
            procedure_id=old.procedure_id or command.procedure_id,
            state=command.state if newest and command.state else old.state,
            last_kind=command.kind if newest and command.counts else old.last_kind,
            version=max(old.version, command.version),
            events=old.events + command.counts,
        )
        return True

    def _reject(self, command: Waiting) -> None:
        """A record of another station's dossier; one that has a verdict keeps it."""
        if command.counts:
            verdict = Verdict(command.sequence, VerdictCode.REJECTED, command.kind)
            self.changes.verdicts.append(verdict)


def changing(commands: Sequence[Command], repeated: frozenset[int]) -> list[Command]:
    """Those that have a place among the versions of a dossier; `repeated` took effect before."""
    return [
        command
        for command in commands
        if command.sequence not in repeated
        and command.subject is not None
        and (command.kind in DOSSIER_KINDS or command.verdict)
    ]


def advance(
    place: Place,
    commands: Sequence[Command],
    known: Mapping[bytes, Dossier],
    parked: Sequence[Waiting],
) -> Changes:
    """What the records change: first those that open dossiers, then later versions, then gaps.

    All the commands are `changing` ones; `known` has their dossiers as far as there are any,
    `parked` what waits for them.
    """
    desk = _Desk(place, known, parked)
    later: list[Command] = []
    for command in commands:
        # A kind that is not known says nothing about what its subject is.
        if command.version <= 1 and command.kind in DOSSIER_KINDS:
            desk.open(_waiting(place, command))
        else:
            later.append(command)
    for command in later:
        desk.change(_waiting(place, command))
    for subject in dict.fromkeys(command.subject for command in commands):
        assert subject is not None
        desk.fill(subject)
    return desk.finish()


def _waiting(place: Place, command: Command) -> Waiting:
    assert command.subject is not None
    return Waiting(
        *(command.subject, command.version, place.log_id, command.sequence, place.station),
        *(command.kind, command.dossier_no, command.procedure_id, command.state),
        command.verdict is None,
    )
