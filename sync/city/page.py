"""The overview page: every station, when it was heard of, what arrived, what is wrong.

Responsible for: turning summaries into words in Vietnamese and English. Rules: counts and codes
only, nothing from a record's body; a figure that is not known is said to be unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, NamedTuple

import jinja2
import msgspec

from sync.city.archive.port import Archive, StationSummary
from sync.city.stations import StationDirectory, format_code

LANGUAGES: Final = ("vi", "en")
SILENT_AFTER_MS: Final = 4 * 3600 * 1000
"""A station is said to be silent after four hours."""

_MINUTE_MS: Final = 60_000
_STEPS: Final = (
    ("now", 2 * _MINUTE_MS, _MINUTE_MS),
    ("minutes", 60 * _MINUTE_MS, _MINUTE_MS),
    ("hours", 48 * 60 * _MINUTE_MS, 60 * _MINUTE_MS),
)
_DAY_MS: Final = 24 * 60 * _MINUTE_MS


class Row(NamedTuple):
    """One station as the template shows it."""

    name: str
    code: str
    contact: str
    silent: bool
    stored: str
    dossiers: str
    entered: str
    pending: str
    problems: tuple[str, ...]


def read_texts(language: str) -> dict[str, str]:
    """The page's sentences in one language."""
    data = (files("sync.city") / "locale" / f"{language}.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, str])


def say_age(age_ms: int | None, texts: Mapping[str, str]) -> str:
    """How long ago, in words; a clock that ran backwards counts as just now."""
    if age_ms is None:
        return texts["contact_never"]
    for name, below_ms, unit_ms in _STEPS:
        if age_ms < below_ms:
            return texts[f"contact_{name}"].format(count=age_ms // unit_ms)
    return texts["contact_days"].format(count=age_ms // _DAY_MS)


def say_number(number: int, language: str) -> str:
    """A count with the separator of the language."""
    return f"{number:,}".replace(",", "." if language == "vi" else ",")


@dataclass(frozen=True, slots=True)
class Page:
    """What the page needs; `clock_ms` reads milliseconds since 1970 UTC."""

    archive: Archive
    stations: StationDirectory
    city_name: str
    clock_ms: Callable[[], int]
    template: jinja2.Template = field(init=False)
    texts: Mapping[str, Mapping[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Read the template and both languages once."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("sync.city"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        object.__setattr__(self, "template", environment.get_template("overview.html"))
        object.__setattr__(self, "texts", {name: read_texts(name) for name in LANGUAGES})

    async def probe(self) -> None:
        """Read the archive once. Raises ArchiveError."""
        await self.archive.check()

    async def render(self, language: str) -> str:
        """The page in this language; Vietnamese when it is not one of ours."""
        language = language if language in LANGUAGES else LANGUAGES[0]
        texts = self.texts[language]
        now_ms = self.clock_ms()
        rows = self._rows(await self.archive.summarise(now_ms), language, now_ms)
        return self.template.render(
            t=texts,
            language=language,
            other=next(name for name in LANGUAGES if name != language),
            city=self.city_name,
            rows=rows,
            attention=sum(1 for row in rows if row.problems or row.silent),
        )

    def _rows(self, summaries: Sequence[StationSummary], language: str, now_ms: int) -> list[Row]:
        by_code = {summary.station: summary for summary in summaries}
        names = {station.code: station.name for station in self.stations.all()}
        return [
            self._row(
                by_code.get(code, StationSummary(code, None, 0, 0, 0, ())),
                names.get(code, ""),
                language,
                now_ms,
            )
            for code in sorted(by_code.keys() | names.keys())
        ]

    def _row(self, summary: StationSummary, name: str, language: str, now_ms: int) -> Row:
        texts = self.texts[language]
        code = format_code(summary.station)
        age_ms = None
        if summary.last_contact_ms is not None:
            age_ms = max(0, now_ms - summary.last_contact_ms)
        return Row(
            name=name or texts["station_unnamed"].format(code=code),
            code=code,
            contact=say_age(age_ms, texts),
            silent=age_ms is None or age_ms > SILENT_AFTER_MS,
            stored=say_number(summary.stored, language),
            dossiers=say_number(summary.dossiers, language),
            entered=say_number(summary.entered, language),
            pending=say_number(summary.pending, language),
            problems=tuple(
                texts[f"problem_{problem}"].format(count=say_number(count, language))
                for problem, count in summary.problems
            ),
        )
