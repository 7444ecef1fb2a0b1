"""What a simulated sheet printer says about itself and its jobs (RFC 8011 section 5).

Responsible for the attributes of Get-Printer-Attributes and of jobs.
Rules: pure; the attributes RFC 8011 requires are all there; personal data never is.
Must not know: HTTP, how jobs are printed.
"""

from dataclasses import dataclass, field
from enum import IntEnum

import msgspec

from hardware.simulated.ipp_wire import (
    Attribute,
    Group,
    Tag,
    Value,
    attribute,
    collection,
    member,
    resolution,
)
from hardware.simulated.sheets import PDF, PWG_RASTER

PRINTER_NAME = "Ward sheet printer (simulated)"
MEDIA = {"iso_a4_210x297mm": (21000, 29700), "iso_a5_148x210mm": (14800, 21000)}
RASTER_DOTS_PER_INCH = 200


class SheetFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be wrong with the printer."""

    paper_out: bool = False  # the tray is empty: the printer stops, a job under way waits
    near_end: bool = False
    cover_open: bool = False
    busy: bool = False  # refuses new jobs with server-error-busy
    abort_after_pages: int | None = None  # the printer gives the job up after so many pages
    hang: bool = False  # a job under way never ends
    lose_answer: bool = False  # takes the job, prints it, hangs up instead of answering
    drop_after_bytes: int | None = None  # hangs up inside the document
    forget_jobs: bool = False  # keeps no list of jobs
    silent_status: bool = False  # takes every request and answers none
    slow_ms: int = 0  # per page


class Operation(IntEnum):
    """Supported operations."""

    PRINT_JOB = 0x02
    VALIDATE_JOB = 0x04
    CANCEL_JOB = 0x08
    GET_JOB_ATTRIBUTES = 0x09
    GET_JOBS = 0x0A
    GET_PRINTER_ATTRIBUTES = 0x0B


class JobState(IntEnum):
    """RFC 8011 section 5.3.7."""

    PENDING = 3
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


@dataclass(slots=True, kw_only=True)
class SheetJob:
    """A job the printer took."""

    number: int
    name: str
    user: str
    document: bytes
    document_format: str
    created_up_s: int
    state: JobState = JobState.PENDING
    reason: str = "none"
    pages: int = 0
    pages_printed: int = field(default=0)

    @property
    def finished(self) -> bool:
        """Canceled, aborted or completed."""
        return self.state >= JobState.CANCELED


def stopped(faults: SheetFaults) -> bool:
    """Whether the printer can put nothing on paper."""
    return faults.paper_out or faults.cover_open


def state_reasons(faults: SheetFaults) -> tuple[str, ...]:
    """The printer-state-reasons, "none" when all is well."""
    reasons = {
        "media-empty-error": faults.paper_out,
        "cover-open-error": faults.cover_open,
        "media-low-warning": faults.near_end,
    }
    return tuple(name for name, present in reasons.items() if present) or ("none",)


def printer_attributes(
    faults: SheetFaults, uri: str, formats: tuple[str, ...], *, busy: bool, up_s: int
) -> tuple[Attribute, ...]:
    """Everything the printer says about itself."""
    state = 5 if stopped(faults) else 4 if busy else 3
    return (
        *_identity(uri),
        attribute("printer-state", Tag.ENUM, state),
        attribute("printer-state-reasons", Tag.KEYWORD, *state_reasons(faults)),
        attribute("printer-is-accepting-jobs", Tag.BOOLEAN, not faults.busy),
        attribute("queued-job-count", Tag.INTEGER, int(busy)),
        attribute("printer-up-time", Tag.INTEGER, max(up_s, 1)),
        *_formats(formats),
        *_media(),
        *_fixed_choices(),
    )


def _identity(uri: str) -> tuple[Attribute, ...]:
    text = PRINTER_NAME
    return (
        attribute("charset-configured", Tag.CHARSET, "utf-8"),
        attribute("charset-supported", Tag.CHARSET, "utf-8"),
        attribute("natural-language-configured", Tag.LANGUAGE, "en"),
        attribute("generated-natural-language-supported", Tag.LANGUAGE, "en"),
        attribute("ipp-versions-supported", Tag.KEYWORD, "1.1", "2.0"),
        attribute("operations-supported", Tag.ENUM, *(int(o) for o in Operation)),
        attribute("printer-uri-supported", Tag.URI, uri),
        attribute("uri-authentication-supported", Tag.KEYWORD, "none"),
        attribute("uri-security-supported", Tag.KEYWORD, "none"),
        attribute("printer-name", Tag.NAME, text),
        attribute("printer-info", Tag.TEXT, text),
        attribute("printer-location", Tag.TEXT, ""),
        attribute("printer-make-and-model", Tag.TEXT, text),
        attribute("printer-more-info", Tag.URI, uri.replace("ipp://", "http://")),
        attribute("pdl-override-supported", Tag.KEYWORD, "not-attempted"),
        attribute("multiple-document-jobs-supported", Tag.BOOLEAN, False),  # noqa: FBT003
        attribute("compression-supported", Tag.KEYWORD, "none"),
        attribute("color-supported", Tag.BOOLEAN, False),  # noqa: FBT003
        attribute("which-jobs-supported", Tag.KEYWORD, "completed", "not-completed"),
    )


def _formats(formats: tuple[str, ...]) -> tuple[Attribute, ...]:
    described = (
        attribute("document-format-supported", Tag.MIME_TYPE, *formats),
        attribute("document-format-default", Tag.MIME_TYPE, formats[0]),
    )
    if PWG_RASTER not in formats:
        return described
    return (
        *described,
        attribute(
            "pwg-raster-document-resolution-supported",
            Tag.RESOLUTION,
            resolution(RASTER_DOTS_PER_INCH),
        ),
        attribute("pwg-raster-document-type-supported", Tag.KEYWORD, "sgray_8"),
    )


def _media() -> tuple[Attribute, ...]:
    width, height = MEDIA["iso_a4_210x297mm"]
    size = collection(
        "",
        member("x-dimension", attribute("", Tag.INTEGER, width)),
        member("y-dimension", attribute("", Tag.INTEGER, height)),
    )
    return (
        attribute("media-supported", Tag.KEYWORD, *MEDIA),
        attribute("media-default", Tag.KEYWORD, "iso_a4_210x297mm"),
        attribute("media-ready", Tag.KEYWORD, *MEDIA),
        *collection("media-col-default", member("media-size", *size)),
        attribute("sides-supported", Tag.KEYWORD, "one-sided"),
        attribute("sides-default", Tag.KEYWORD, "one-sided"),
        attribute("copies-supported", Tag.RANGE, (1).to_bytes(4, "big") * 2),
        attribute("copies-default", Tag.INTEGER, 1),
    )


def _fixed_choices() -> tuple[Attribute, ...]:
    """What PWG 5100.12 section 6.2 requires of an IPP/2.0 printer; one choice each."""
    choices: dict[str, tuple[Tag, Value]] = {
        "finishings": (Tag.ENUM, 3),
        "orientation-requested": (Tag.ENUM, 3),
        "output-bin": (Tag.KEYWORD, "face-down"),
        "print-quality": (Tag.ENUM, 4),
        "printer-resolution": (Tag.RESOLUTION, resolution(RASTER_DOTS_PER_INCH)),
    }
    return (
        *(
            attribute(f"{name}-{kind}", *choice)
            for name, choice in choices.items()
            for kind in ("default", "supported")
        ),
        attribute("pages-per-minute", Tag.INTEGER, 20),
    )


def job_attributes(job: SheetJob, uri: str, *, up_s: int) -> tuple[Attribute, ...]:
    """Everything the printer says about one job."""
    time: tuple[Tag, Value] = (Tag.INTEGER, job.created_up_s)
    return (
        attribute("job-id", Tag.INTEGER, job.number),
        attribute("job-uri", Tag.URI, f"{uri}/{job.number}"),
        attribute("job-printer-uri", Tag.URI, uri),
        attribute("job-name", Tag.NAME, job.name),
        attribute("job-originating-user-name", Tag.NAME, job.user),
        attribute("job-state", Tag.ENUM, int(job.state)),
        attribute("job-state-reasons", Tag.KEYWORD, job.reason),
        attribute("job-impressions", Tag.INTEGER, job.pages),
        attribute("job-impressions-completed", Tag.INTEGER, job.pages_printed),
        attribute("job-media-sheets-completed", Tag.INTEGER, job.pages_printed),
        attribute("job-printer-up-time", Tag.INTEGER, max(up_s, 1)),
        attribute("time-at-creation", *time),
        attribute("time-at-processing", *time),
        attribute("time-at-completed", *(time if job.finished else (Tag.NO_VALUE, b""))),
    )


def requested(group: Group, attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """The part of `attributes` that "requested-attributes" names; all for a group keyword.

    The nameless members of a collection go with the attribute they follow.
    """
    names = set(group.all("requested-attributes"))
    groups = {"all", "printer-description", "job-template", "job-description"}
    if not names or names & groups:
        return attributes
    kept: list[Attribute] = []
    keeping = False
    for candidate in attributes:
        keeping = candidate.name in names if candidate.name else keeping
        if keeping:
            kept.append(candidate)
    return tuple(kept)


SUPPORTED_FORMATS = (PDF, PWG_RASTER)
