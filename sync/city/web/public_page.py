"""What the pages have in common that anybody with a printed code may open at the city.

Rules: both languages; no script, no cookie, nothing kept; search engines and other sites learn
nothing; an address may look so often only. It must not know what a page says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from functools import cached_property
from typing import Final

import jinja2
from aiohttp import web

from sync.city.web.page import LANGUAGES, read_texts
from sync.rate_limit import RateLimit

LOOKS_PER_MINUTE: Final = 120
BURST_LOOKS: Final = 60
"""More than at a station: a whole neighbourhood may share one address."""

RETRY_S: Final = 60
VIETNAM: Final = timezone(timedelta(hours=7), "+07")
_HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
_LATER: Final = frozenset({429, 503})


@dataclass(frozen=True)
class PublicPage:
    """The template `{name}.html` with the texts of `{name}-vi` and `{name}-en`."""

    name: str
    city_name: str
    clock_ms: Callable[[], int]
    """Milliseconds since 1970 UTC."""
    limit: RateLimit = field(default_factory=lambda: RateLimit(LOOKS_PER_MINUTE, BURST_LOOKS))

    @cached_property
    def _template(self) -> jinja2.Template:
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("sync.city"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return environment.get_template(f"{self.name}.html")

    @cached_property
    def _texts(self) -> Mapping[str, Mapping[str, str]]:
        return {language: read_texts(f"{self.name}-{language}") for language in LANGUAGES}

    def allows(self, request: web.Request) -> bool:
        """Whether this address may look once more now."""
        return self.limit.allows(request.remote or "", self.clock_ms() / 1000)

    def answer(
        self, request: web.Request, values: Mapping[str, object], status: int = 200
    ) -> web.Response:
        """The page in the language that `?lang=` asks for."""
        wanted = request.query.get("lang", "")
        language = wanted if wanted in LANGUAGES else LANGUAGES[0]
        html = self._template.render(
            {
                "t": self._texts[language],
                "language": language,
                "other": next(name for name in LANGUAGES if name != language),
                "city": self.city_name,
                **values,
            }
        )
        headers = {**_HEADERS, **({"Retry-After": str(RETRY_S)} if status in _LATER else {})}
        return web.Response(text=html, content_type="text/html", status=status, headers=headers)
