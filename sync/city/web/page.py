"""The overview page: every station, when it was heard of, what arrived, what is wrong.

Responsible for: turning summaries into words in Vietnamese and English. Rules: counts and codes
only, nothing from a record's body; a figure that is not known is said to be unknown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, NamedTuple

import jinja2
import msgspec

from sync.city.archive.port import Archive, Gauges, StationSummary
from sync.city.metrics import ALARMS
from sync.city.trust.stations import StationDirectory, format_code

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


_SIZES: Final = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


class Lag(NamedTuple):
    """What a station still has to send, for a bar: records."""

    done: int
    total: int
    text: str


class Fact(NamedTuple):
    """A figure of the whole city; `waits` when something is not done yet."""

    name: str
    text: str
    waits: bool


class Alarm(NamedTuple):
    """What a person must see, of one station."""

    station: str
    code: str
    text: str
    short: str


class Row(NamedTuple):
    """One station as the template shows it; `lag` is None when nothing is left there."""

    name: str
    code: str
    contact: str
    silent: bool
    stored: str
    dossiers: str
    entered: str
    pending: str
    lag: Lag | None
    problems: tuple[str, ...]
    alarms: tuple[Alarm, ...]


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


def say_size(size_bytes: int) -> str:
    """A number of bytes in the largest unit of which there is one, rounded down."""
    for unit, name in _SIZES:
        if size_bytes >= unit:
            return f"{size_bytes // unit} {name}"
    return f"{size_bytes} B"


def say_facts(
    gauges: Gauges, texts: Mapping[str, str], language: str, now_ms: int
) -> Iterator[Fact]:
    """What waits at the city itself, and for how long."""
    parts = {
        "opening": (gauges.stored - gauges.opened, gauges.oldest_unopened_ms),
        "archived": (gauges.stored - gauges.archived, gauges.oldest_unarchived_ms),
        "parked": (gauges.parked, gauges.oldest_parked_ms),
        "quarantine": (gauges.quarantined, None),
    }
    for name, (count, since_ms) in parts.items():
        text = texts[f"fact_{name}_none"]
        if count:
            age_ms = None if since_ms is None else max(0, now_ms - since_ms)
            text = texts[f"fact_{name}_some"].format(
                count=say_number(count, language),
                age=say_age(age_ms, texts),
                size=say_size(gauges.quarantined_bytes),
            )
        yield Fact(texts[f"fact_{name}"], text, bool(count))


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
        gauges = await self.archive.gauges()
        rows = self._rows(await self.archive.summarise(now_ms), language, now_ms)
        return self.template.render(
            t=texts,
            language=language,
            other=next(name for name in LANGUAGES if name != language),
            city=self.city_name,
            rows=rows,
            alarms=[alarm for row in rows for alarm in row.alarms],
            facts=list(say_facts(gauges, texts, language, now_ms)),
            attention=sum(1 for row in rows if row.problems or row.alarms or row.silent),
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
        name = name or texts["station_unnamed"].format(code=code)
        return Row(
            name=name,
            code=code,
            contact=say_age(age_ms, texts),
            silent=age_ms is None or age_ms > SILENT_AFTER_MS,
            stored=say_number(summary.stored, language),
            dossiers=say_number(summary.dossiers, language),
            entered=say_number(summary.entered, language),
            pending=say_number(summary.pending, language),
            lag=self._lag(summary, language),
            problems=tuple(
                _say_problem(texts, problem, say_number(count, language))
                for problem, count in summary.problems
                if problem not in ALARMS
            ),
            alarms=tuple(
                _alarm((name, code), texts, alarm, say_number(count, language))
                for alarm in ALARMS
                for problem, count in summary.problems
                if problem == alarm
            ),
        )

    def _lag(self, summary: StationSummary, language: str) -> Lag | None:
        if not summary.behind:
            return None
        total = summary.stored + summary.behind
        numbers = {"done": summary.stored, "total": total, "count": summary.behind}
        said = {name: say_number(number, language) for name, number in numbers.items()}
        return Lag(summary.stored, total, self.texts[language]["lag_some"].format(**said))


def _alarm(station: tuple[str, str], texts: Mapping[str, str], alarm: str, count: str) -> Alarm:
    text = texts[f"alarm_{alarm}"].format(count=count)
    return Alarm(*station, text, _say_problem(texts, alarm, count))


def _say_problem(texts: Mapping[str, str], problem: str, count: str) -> str:
    """A newer code than the page knows is shown as it is: it must not hide the others."""
    text = texts.get(f"problem_{problem}", texts["problem_other"])
    return text.format(count=count, code=problem)
