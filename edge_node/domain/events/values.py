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


class DocumentAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether the applicant has one of the papers of the checklist.

    `form` is how it was handed in (original, certified_copy, …) as an officer said: empty where
    that was left to the pen, absent where nobody was asked.
    """

    id: str
    have: bool
    form: str | None = None
