import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from edge_node.data import read_release
from edge_node.domain.catalogue import Catalogue, read_catalogue
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.release import CatalogueError

RELEASE = read_release()
CATALOGUE = read_catalogue(RELEASE)
Change = Callable[[dict[str, Any]], object]


def changed(name: str, change: Change) -> dict[str, bytes]:
    """The release with one file changed and its digest put right."""
    content = json.loads(RELEASE[name])
    change(content)
    release = {**RELEASE, name: json.dumps(content).encode()}
    manifest = json.loads(release["release.json"])
    manifest["files"][name] = hashlib.sha256(release[name]).hexdigest()
    return {**release, "release.json": json.dumps(manifest).encode()}


def refusal(name: str, change: Change) -> tuple[str, str]:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(changed(name, change))
    return caught.value.place.partition(": ")[2], caught.value.code


def first(key: str, value: object) -> Change:
    return lambda content: content["procedures"][0].__setitem__(key, value)


def of_first(part: str, key: str, value: object) -> Change:
    return lambda content: content["procedures"][0][part][0].__setitem__(key, value)


def test_the_change_helper_itself_changes_nothing_else() -> None:
    """The negative control: an unchanged copy is accepted."""
    assert isinstance(
        read_catalogue(changed("procedures.json", lambda content: content)), Catalogue
    )


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (first("label_vi", 5), "procedures[0].label_vi", "form"),
        (first("label_vi", "x" * 19), "procedures[0].label_vi", "too_long"),
        (first("label_en", "x" * 19), "procedures[0].label_en", "too_long"),
        (first("name_vi", ""), "procedures[0].name_vi", "text"),
        (first("name_en", " x"), "procedures[0].name_en", "text"),
        (first("name_en", "x\u200b"), "procedures[0].name_en", "text"),
        (first("id", "Res Permanent"), "procedures[0].id", "not_an_id"),
        (first("id", "res-temporary"), "procedures[1]", "duplicate"),
        (first("service_group", "Z"), "procedures[0].service_group", "unknown"),
        (first("category", "other"), "procedures[0].category", "unknown"),
        (first("kiosk", "maybe"), "procedures[0].kiosk", "form"),
        (first("colour", "red"), "procedures[0]", "form"),
        (first("valid_to", "2020-01-01"), "procedures[0].valid_to", "before_valid_from"),
        (
            first("time_limit", {"value": 0, "unit": "days"}),
            "procedures[0].time_limit.value",
            "out_of_range",
        ),
        (
            first("time_limit", {"value": 1, "unit": "immediate"}),
            "procedures[0].time_limit.value",
            "out_of_range",
        ),
        (
            first("time_limit", {"value": 1, "unit": "weeks"}),
            "procedures[0].time_limit.unit",
            "form",
        ),
        (
            first(
                "other_time_limits",
                [{"value": 0, "unit": "days", "condition_vi": "x", "condition_en": "x"}],
            ),
            "procedures[0].other_time_limits[0].value",
            "out_of_range",
        ),
        (of_first("fees", "amount_vnd", -1), "procedures[0].fees[0].amount_vnd", "out_of_range"),
        (of_first("fees", "amount_vnd", 40.5), "procedures[0].fees[0].amount_vnd", "form"),
        (of_first("documents", "name_vi", ""), "procedures[0].documents[0].name_vi", "text"),
        (
            of_first("documents", "id", "dwelling-or-kinship"),
            "procedures[0].documents[1]",
            "duplicate",
        ),
        (first("documents", []), "procedures[0].documents", "form_without_documents"),
        (of_first("questions", "title_en", ""), "procedures[0].questions[0].title_en", "text"),
        (
            of_first("questions", "kind", "choice"),
            "procedures[0].questions[0].choices",
            "choices_and_kind_disagree",
        ),
        (
            of_first("questions", "maximum_characters", 0),
            "procedures[0].questions[0].maximum_characters",
            "out_of_range",
        ),
        (of_first("questions", "id", "dwelling"), "procedures[0].questions[1]", "duplicate"),
    ],
)
def test_a_bad_procedure_is_refused_with_its_place(change: Change, path: str, code: str) -> None:
    assert refusal("procedures.json", change) == (path, code)


def test_a_denunciation_is_never_offered() -> None:
    def offer(content: dict[str, Any]) -> None:
        for procedure in content["procedures"]:
            if procedure["id"] == "denunciation":
                procedure["kiosk"] = "ticket_only"

    path, code = refusal("procedures.json", offer)
    assert path.endswith(".kiosk")
    assert code == "must_be_hidden"


@pytest.mark.parametrize(
    ("part", "key", "value", "path", "code"),
    [
        ("services", "letter", "AA", "services[0].letter", "not_a_letter"),
        ("services", "letter", "a", "services[0].letter", "not_a_letter"),
        ("services", "letter", "B", "services[1]", "duplicate"),
        ("services", "id", "identity", "services[1]", "duplicate"),
        ("categories", "id", "identity", "categories[1]", "duplicate"),
    ],
)
def test_bad_services_are_refused_with_their_place(
    part: str, key: str, value: str, path: str, code: str
) -> None:
    change: Change = lambda content: content[part][0].__setitem__(key, value)  # noqa: E731
    assert refusal("services.json", change) == (path, code)


def test_a_release_without_procedures_is_refused() -> None:
    release = copy.copy(RELEASE)
    manifest = json.loads(release["release.json"])
    del manifest["files"]["procedures.json"], release["procedures.json"]
    release["release.json"] = json.dumps(manifest).encode()
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(release)
    assert (caught.value.place, caught.value.code) == ("procedures.json", "missing")


def test_ids_that_nobody_knows() -> None:
    with pytest.raises(DomainError) as caught:
        CATALOGUE.procedure("res-moon")
    assert caught.value.code is ErrorCode.PROCEDURE_UNKNOWN
    with pytest.raises(DomainError) as caught:
        CATALOGUE.service("moon")
    assert caught.value.code is ErrorCode.SERVICE_UNKNOWN


def test_a_procedure_knows_its_queue() -> None:
    assert CATALOGUE.service_of(CATALOGUE.procedure("res-temporary")).id == "residence"
    assert CATALOGUE.service("identity").letter == "B"


def test_a_shelf_shows_what_is_on_it_and_nothing_hidden() -> None:
    assert "res-temporary" in [p.id for p in CATALOGUE.in_category("residence")]
    assert "denunciation" not in [p.id for p in CATALOGUE.in_category("guidance")]
    assert CATALOGUE.in_category("nothing") == ()


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("đăng ký tạm trú", "res-temporary"),
        ("dang ky tam tru", "res-temporary"),
        ("TẠM TRÚ", "res-temporary"),
        ("kt3", "res-temporary"),
        ("thuong tru", "res-permanent"),
        ("1.004222", "res-permanent"),
        ("ct07", "res-confirm"),
        ("passport", "passport"),
        ("vneid", "eid-level2"),
        ("residence proof", "res-confirm"),
    ],
)
def test_what_people_type_finds_the_procedure(text: str, best: str) -> None:
    assert CATALOGUE.search(text)[0].id == best


@pytest.mark.parametrize("text", ["", "   ", "qwertz", "tam tru qwertz", "tố cáo", "denunciation"])
def test_what_finds_nothing(text: str) -> None:
    assert CATALOGUE.search(text) == []


def test_a_long_search_text_is_cut() -> None:
    assert CATALOGUE.search("tạm trú " * 10_000)[0].id == "res-temporary"


def test_the_first_screen_shows_what_the_catalogue_calls_common() -> None:
    catalogue = read_catalogue(read_release())
    shown = catalogue.most_asked(6)
    assert [procedure.id for procedure in shown] == list(catalogue.common)[:6]
    everything = catalogue.most_asked(len(catalogue.procedures))
    assert len(everything) == len({procedure.id for procedure in everything})
    assert all(procedure.kiosk != "hidden" for procedure in everything)
