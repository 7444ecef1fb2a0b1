"""The catalogue of a release: procedures, services and categories, checked as a whole.

Rules: a release with one fault is refused whole, naming the place; ids are unique, labels fit a
kiosk tile, every reference resolves (a condition to an earlier question and to an answer it can
have), no amount or limit is nonsense, a denunciation is never offered. A dossier keeps the version
of the catalogue it was filed under.
This module must not know where a release lies, nor what today's date is.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from edge_node.domain.codes import fold
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import (
    MAXIMUM_LABEL_CHARACTERS,
    Answer,
    CardField,
    Condition,
    Procedure,
    Question,
    QuestionKind,
)
from edge_node.domain.release import CatalogueError, decode_file, read_manifest

PROCEDURES = "procedures.json"
SERVICES = "services.json"
MAXIMUM_SEARCH_CHARACTERS = 100
MAXIMUM_FEE_VND = 100_000_000
_ID = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
# The identity of an informer is protected by law: out of queues, tickets, screens and logs.
NEVER_OFFERED = frozenset({"denunciation"})
_PREFILLED_KINDS: Mapping[CardField, tuple[QuestionKind, ...]] = MappingProxyType(
    {
        "full_name": ("text",),
        "id_number": ("text",),
        "date_of_birth": ("date",),
        "sex": ("choice",),
        "address": ("address", "text"),
    }
)


class Service(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue of the desk: its letter starts the ticket number."""

    id: str
    letter: str
    name_vi: str
    name_en: str


class Category(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shelf of the kiosk's menu."""

    id: str
    name_vi: str
    name_en: str


class _Procedures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    procedures: tuple[Procedure, ...]


class _Services(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    services: tuple[Service, ...]
    categories: tuple[Category, ...]
    common: tuple[str, ...] = ()


class Catalogue:
    """What the station offers, by id, under one version."""

    def __init__(
        self,
        version: str,
        valid_from: date,
        procedures: Iterable[Procedure],
        services: tuple[Service, ...],
        categories: tuple[Category, ...],
        common: tuple[str, ...] = (),
    ) -> None:
        self.version = version
        self.valid_from = valid_from
        self.procedures: Mapping[str, Procedure] = MappingProxyType({p.id: p for p in procedures})
        self.services = services
        self.categories = categories
        self.common = common
        self._services = {service.id: service for service in services}
        self._letters = {service.letter: service for service in services}
        self._earlier: Mapping[str, Procedure] = MappingProxyType({})
        self._index = tuple((_search_text(p), p) for p in self.procedures.values())

    def procedure(self, procedure_id: str) -> Procedure:
        """The procedure of an id. Raises DomainError(PROCEDURE_UNKNOWN)."""
        try:
            return self.procedures[procedure_id]
        except KeyError:
            raise DomainError(ErrorCode.PROCEDURE_UNKNOWN) from None

    def known_procedure(self, procedure_id: str) -> Procedure:
        """As `procedure`, also one that is not offered any more: for dossiers filed before."""
        earlier = self._earlier.get(procedure_id)
        return earlier if earlier is not None else self.procedure(procedure_id)

    def find_known(self, procedure_id: str) -> Procedure | None:
        """As `known_procedure`, None when no release here has known it."""
        return self._earlier.get(procedure_id) or self.procedures.get(procedure_id)

    def known_procedures(self) -> tuple[Procedure, ...]:
        """Everything offered now or in a release before."""
        return (*self.procedures.values(), *self._earlier.values())

    def remember(self, earlier: "Catalogue") -> None:
        """Keep what `earlier` knew and this release offers no more."""
        known = {**earlier._earlier, **earlier.procedures}  # noqa: SLF001 - its own class
        gone = known.keys() - self.procedures.keys()
        self._earlier = MappingProxyType({name: known[name] for name in gone})

    def service(self, service_id: str) -> Service:
        """The service of an id. Raises DomainError(SERVICE_UNKNOWN)."""
        try:
            return self._services[service_id]
        except KeyError:
            raise DomainError(ErrorCode.SERVICE_UNKNOWN) from None

    def service_of(self, procedure: Procedure) -> Service:
        """The queue a procedure belongs to."""
        return self._letters[procedure.service_group]

    def most_asked(self, count: int) -> tuple[Procedure, ...]:
        """What the first screen shows: the common ones in order, then others; never hidden."""
        visible = {p.id: p for p in self.procedures.values() if p.kiosk != "hidden"}
        order = dict.fromkeys((*(name for name in self.common if name in visible), *visible))
        return tuple(visible[name] for name in order)[:count]

    def in_category(self, category_id: str) -> tuple[Procedure, ...]:
        """What the kiosk shows on one shelf: never what is hidden."""
        return tuple(
            p for p in self.procedures.values() if p.category == category_id and p.kiosk != "hidden"
        )

    def search(self, text: str) -> list[Procedure]:
        """Visible procedures with every word of the text, best first.

        Accents are ignored and a word may be cut short; a hit in the label, in the code or in a
        keyword counts more than one in the official name.
        """
        words = fold(text[:MAXIMUM_SEARCH_CHARACTERS]).split()
        if not words:
            return []
        hits = [(_score(words, fields), p) for fields, p in self._index if p.kiosk != "hidden"]
        hits.sort(key=lambda hit: hit[0], reverse=True)
        return [p for score, p in hits if score]


def read_catalogue(release: Mapping[str, bytes]) -> Catalogue:
    """The catalogue of a release: file names → bytes. Raises CatalogueError naming the place."""
    manifest = read_manifest(release)
    for name in (PROCEDURES, SERVICES):
        if name not in release:
            raise CatalogueError(name, "missing")
    shelves = decode_file(SERVICES, release[SERVICES], _Services)
    procedures = decode_file(PROCEDURES, release[PROCEDURES], _Procedures).procedures
    _check_services(shelves)
    _unique(f"{PROCEDURES}: procedures", [p.id for p in procedures])
    letters = {service.letter for service in shelves.services}
    categories = {category.id for category in shelves.categories}
    for index, procedure in enumerate(procedures):
        place = f"{PROCEDURES}: procedures[{index}]"
        if procedure.service_group not in letters:
            raise CatalogueError(f"{place}.service_group", "unknown", procedure.service_group)
        if procedure.category not in categories:
            raise CatalogueError(f"{place}.category", "unknown", procedure.category)
        _check_procedure(place, procedure)
    known = {procedure.id for procedure in procedures}
    for index, name in enumerate(shelves.common):
        if name not in known:
            raise CatalogueError(f"{SERVICES}: common[{index}]", "unknown", name)
    return Catalogue(
        manifest.version,
        manifest.valid_from,
        procedures,
        shelves.services,
        shelves.categories,
        shelves.common,
    )


def _check_services(shelves: _Services) -> None:
    _unique(f"{SERVICES}: services", [service.id for service in shelves.services])
    _unique(f"{SERVICES}: services", [service.letter for service in shelves.services])
    _unique(f"{SERVICES}: categories", [category.id for category in shelves.categories])
    for index, service in enumerate(shelves.services):
        if not (len(service.letter) == 1 and "A" <= service.letter <= "Z"):
            raise CatalogueError(f"{SERVICES}: services[{index}].letter", "not_a_letter")


def _check_procedure(place: str, procedure: Procedure) -> None:
    if not _ID.fullmatch(procedure.id):
        raise CatalogueError(f"{place}.id", "not_an_id", procedure.id)
    for field in ("name_vi", "name_en", "label_vi", "label_en", "department"):
        _check_text(f"{place}.{field}", getattr(procedure, field))
    for field in ("label_vi", "label_en"):
        if len(getattr(procedure, field)) > MAXIMUM_LABEL_CHARACTERS:
            raise CatalogueError(f"{place}.{field}", "too_long", getattr(procedure, field))
    if procedure.valid_to is not None and procedure.valid_to < procedure.valid_from:
        raise CatalogueError(f"{place}.valid_to", "before_valid_from")
    if procedure.id in NEVER_OFFERED and procedure.kiosk != "hidden":
        raise CatalogueError(f"{place}.kiosk", "must_be_hidden")
    if procedure.kiosk == "form" and not procedure.documents:
        raise CatalogueError(f"{place}.documents", "form_without_documents")
    _check_limits(place, procedure)
    _check_parts(place, procedure)


def _check_limits(place: str, procedure: Procedure) -> None:
    limit = procedure.time_limit
    if limit and not (limit.value == 0 if limit.unit == "immediate" else 0 < limit.value <= 365):
        raise CatalogueError(f"{place}.time_limit.value", "out_of_range", str(limit.value))
    for index, other in enumerate(procedure.other_time_limits):
        if not 0 < other.value <= 365 or other.unit == "immediate":
            raise CatalogueError(f"{place}.other_time_limits[{index}].value", "out_of_range")
    for index, fee in enumerate(procedure.fees):
        if not 0 <= fee.amount_vnd <= MAXIMUM_FEE_VND:
            raise CatalogueError(f"{place}.fees[{index}].amount_vnd", "out_of_range")


def _check_parts(place: str, procedure: Procedure) -> None:
    _unique(f"{place}.documents", [document.id for document in procedure.documents])
    _unique(f"{place}.questions", [question.id for question in procedure.questions])
    for index, document in enumerate(procedure.documents):
        _check_text(f"{place}.documents[{index}].name_vi", document.name_vi)
        _check_text(f"{place}.documents[{index}].name_en", document.name_en)
        _check_conditions(
            f"{place}.documents[{index}].only_if", document.only_if, procedure.questions
        )
    for index, question in enumerate(procedure.questions):
        _check_question(f"{place}.questions[{index}]", question)
        _check_conditions(
            f"{place}.questions[{index}].only_if", question.only_if, procedure.questions[:index]
        )


def _check_question(place: str, question: Question) -> None:
    _check_text(f"{place}.title_vi", question.title_vi)
    _check_text(f"{place}.title_en", question.title_en)
    if (question.kind == "choice") != bool(question.choices):
        raise CatalogueError(f"{place}.choices", "choices_and_kind_disagree")
    _unique(f"{place}.choices", [choice.value for choice in question.choices])
    if not 1 <= question.maximum_characters <= 1000:
        raise CatalogueError(f"{place}.maximum_characters", "out_of_range")
    _check_bounds(place, question)
    _check_prefill(place, question)


def _check_bounds(place: str, question: Question) -> None:
    low, high = question.minimum, question.maximum
    if question.kind != "number" and (low, high) != (None, None):
        raise CatalogueError(f"{place}.minimum", "bounds_and_kind_disagree")
    if low is not None and high is not None and low > high:
        raise CatalogueError(f"{place}.minimum", "above_maximum", str(low))


def _check_prefill(place: str, question: Question) -> None:
    if question.prefill is None:
        if question.skip_if_prefilled:
            raise CatalogueError(f"{place}.skip_if_prefilled", "without_prefill")
        return
    if question.kind not in _PREFILLED_KINDS[question.prefill]:
        raise CatalogueError(f"{place}.prefill", "prefill_and_kind_disagree", question.kind)
    values = {choice.value for choice in question.choices}
    if question.prefill == "sex" and not values >= {"male", "female"}:
        raise CatalogueError(f"{place}.choices", "prefill_and_choices_disagree")


def _check_conditions(
    place: str, conditions: tuple[Condition, ...], earlier: tuple[Question, ...]
) -> None:
    """Each names a question asked before, and answers that question can have."""
    by_id = {question.id: question for question in earlier}
    for index, condition in enumerate(conditions):
        question = by_id.get(condition.question)
        if question is None:
            raise CatalogueError(
                f"{place}[{index}].question", "not_an_earlier_question", condition.question
            )
        if not condition.any_of:
            raise CatalogueError(f"{place}[{index}].any_of", "empty")
        for number, value in enumerate(condition.any_of):
            if not _can_be(question, value):
                raise CatalogueError(
                    f"{place}[{index}].any_of[{number}]", "not_an_answer", str(value)
                )


def _can_be(question: Question, value: Answer) -> bool:
    if question.kind == "yes_no":
        return isinstance(value, bool)
    if question.kind == "choice":
        return any(choice.value == value for choice in question.choices)
    # What somebody types freely decides nothing: a slip of the finger would hide a question.
    return question.kind == "number" and isinstance(value, int) and not isinstance(value, bool)


def _check_text(place: str, text: str) -> None:
    if not text or text != " ".join(text.split()) or not text.isprintable():
        raise CatalogueError(place, "text", "empty, or stray blanks or control characters")


def _unique(place: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise CatalogueError(f"{place}[{index}]", "duplicate", name)


def _search_text(procedure: Procedure) -> tuple[tuple[int, str], ...]:
    label = f" {fold(procedure.label_vi)} {fold(procedure.label_en)}"
    name = f" {fold(procedure.name_vi)} {fold(procedure.name_en)}"
    codes = " " + " ".join(fold(code) for code in (procedure.code or "", *procedure.aliases))
    words = " " + " ".join(fold(word) for word in (*procedure.keywords, *procedure.forms))
    return ((8, label), (4, name), (8, codes), (6, words))


def _score(words: list[str], fields: tuple[tuple[int, str], ...]) -> int:
    """The sum of each word's best field; 0 as soon as one word starts no word of any field."""
    total = 0
    for word in words:
        best = max(weight for weight, text in ((0, f" {word}"), *fields) if f" {word}" in text)
        if not best:
            return 0
        total += best
    return total
