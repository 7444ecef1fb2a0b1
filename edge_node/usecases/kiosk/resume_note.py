"""The way back to a form left at the kiosk, on the screen and on a slip of paper.

Rules: a form that has not changed gets one code and one slip, however often it is asked for, as
long as the code is good; the slip names no person, and a confidential procedure is not on it
either; the disk alone must not lead to a form, so the job keeps the code sealed (see `unwritten`);
a slip whose code leads nowhere any more is called off instead of printed, and so is one that was
held up: its person has gone, and the code would come out before a stranger.
"""

import hashlib
from datetime import timedelta
from typing import Final

import msgspec

from edge_node.documents import kinds, model
from edge_node.documents.model.common import Language
from edge_node.domain.confidential import is_confidential
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Procedure
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.unit_of_work import Moment
from edge_node.usecases import drafts
from edge_node.usecases.days import CLOCK_WRONG
from edge_node.usecases.drafts import DRAFT_AGE_S, Draft
from edge_node.usecases.kiosk import resume
from edge_node.usecases.paper.queueing import queue
from edge_node.usecases.station import Station, token_id
from edge_node.usecases.unwritten import Given

KIND: Final = "resume_note"
MAXIMUM_WAIT: Final = timedelta(seconds=60)
"""As long as the page with the code stands by itself."""


async def leave(station: Station, token: str, draft: Draft, language: Language) -> Given:
    """Keep the form for half an hour, with a code that leads back and a slip that says it.

    Errors: body_too_large, storage_*.
    """
    kept = msgspec.structs.replace(draft, resumable=True)
    form = hashlib.sha256(msgspec.json.encode(kept)).digest()
    async with station.unwritten.one_at_a_time:
        moment = station.moment()
        known = station.unwritten.find(token_id(token), moment.time.wall_ms or 0)
        if known is not None and known.form == form:
            return known
        # The form says first that there is a way back: a code on paper must never lead nowhere.
        await drafts.save(station, token, kept)
        code = await resume.make_code(station, token)
        procedure = station.catalogue.known_procedure(draft.procedure_id)
        slip = _slip(station, procedure, moment, language, code)
        job_id = await queue(station, station.moment(), KIND, slip)
        until_wall_ms = (moment.time.wall_ms or 0) + DRAFT_AGE_S * 1000
        given = Given(code, job_id, form, until_wall_ms)
        station.unwritten.keep(token_id(token), given)
    return given


def find(station: Station, token: str) -> Given | None:
    """The code this form was left with, while it is good; a restart forgets it."""
    return station.unwritten.find(token_id(token), station.moment().time.wall_ms or 0)


async def written(station: Station, job: PrintJobRow) -> PrintJobRow | None:
    """The job with its code, to be drawn now; None when it comes too late."""
    slip = msgspec.json.decode(job.slip, type=model.ResumeNote)
    code = station.unwritten.open(slip.code)
    waited = station.clock.now() - slip.made_at
    if not code or not timedelta(0) <= waited <= MAXIMUM_WAIT:
        return None
    try:
        await resume.find_by_code(station, code)
    except DomainError as error:
        if error.code is not ErrorCode.RESUME_CODE_UNKNOWN:
            raise
        return None
    whole = msgspec.structs.replace(slip, code=code)
    return job._replace(slip=kinds.encode(whole).decode())


def _slip(
    station: Station, procedure: Procedure, moment: Moment, language: Language, code: str
) -> model.ResumeNote:
    # A clock that is certainly wrong would print an hour that nobody's watch agrees with.
    sure = moment.time.quality != CLOCK_WRONG
    hidden = is_confidential(station.catalogue, procedure.id)
    return model.ResumeNote(
        agency=station.name_vi,
        code=station.unwritten.seal(code, station.entropy),
        procedure_vi="" if hidden else procedure.label_vi,
        procedure_en="" if hidden else procedure.label_en,
        minutes=DRAFT_AGE_S // 60,
        valid_until=moment.now + timedelta(seconds=DRAFT_AGE_S) if sure else None,
        made_at=moment.now,
        language=language,
    )
