"""Print what to bring for a procedure, for somebody who goes home to fetch it.

Rules: the list holds nothing of a person; one key prints one list, as often as it is pressed. The
keys are kept in memory only: after a restart a list may come twice, which costs paper and nothing
else, and spares the disk a row for everybody who only asks.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from edge_node.documents import model
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Document, Procedure
from edge_node.usecases.paper.queueing import queue
from edge_node.usecases.station import Station

KIND: Final = "papers_list"
MAXIMUM_KEYS: Final = 256
"""Presses that are remembered; more than a kiosk sees in an hour."""

MAXIMUM_KEY_CHARACTERS: Final = 64
Language = Literal["vi", "en"]


@dataclass(slots=True)
class Pressed:
    """The keys of lists printed lately: key → print job."""

    jobs: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def keep(self, key: str, job_id: int) -> None:
        """Remember one, forget the oldest."""
        self.jobs[key] = job_id
        while len(self.jobs) > MAXIMUM_KEYS:
            self.jobs.popitem(last=False)


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader's language says about fee, time, hours, and papers of a failed look-up."""

    language: Language
    fee: str
    time_limit: str
    hours: str
    lookup_note: str


async def print_list(
    station: Station, pressed: Pressed, procedure: Procedure, words: Words, key: str
) -> int:
    """Queue the list; answers the print job's id.

    Errors: idempotency_key_missing, busy, storage_*.
    """
    if not 0 < len(key) <= MAXIMUM_KEY_CHARACTERS:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)
    if key in pressed.jobs:
        return pressed.jobs[key]
    moment = station.moment()
    slip = model.PapersList(
        agency=station.name_vi,
        request=procedure.name_vi,
        request_en=procedure.name_en if words.language == "en" else "",
        papers=tuple(_paper(document, words) for document in procedure.documents),
        fee=words.fee,
        time_limit=words.time_limit,
        hours=words.hours,
        hotline=station.letterhead.hotline,
        printed_at=moment.now,
        language=words.language,
    )
    job_id = await queue(station, moment, KIND, slip)
    pressed.keep(key, job_id)
    return job_id


def _paper(document: Document, words: Words) -> model.WantedPaper:
    """The Vietnamese name is what the officer reads; the reader's own stands beside it."""
    english = words.language == "en"
    condition = document.condition_en if english else document.condition_vi
    notes = (
        document.name_en if english else "",
        words.lookup_note if document.only_if_lookup_fails else condition,
    )
    note = "; ".join(text for text in notes if text)
    return model.WantedPaper(
        name=document.name_vi, form=document.form, copies=document.copies, note=note
    )
