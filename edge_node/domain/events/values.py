"""Values that several events carry."""

from typing import TypeAlias

import msgspec

Answer: TypeAlias = str | int | bool


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """The person a dossier is for; empty text where nothing was given."""

    full_name: str
    id_number: str
    date_of_birth: str
    sex: str
    address: str
    phone: str


class DocumentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the applicant has one of the papers of the checklist."""

    id: str
    have: bool
