"""Reading a page the way a person does: its words, its links, its fields."""

import re
from html.parser import HTMLParser
from typing import NamedTuple, TypeAlias

from aiohttp import web
from aiohttp.test_utils import TestClient

Browser: TypeAlias = TestClient[web.Request, web.Application]

PERSON = {
    "id_number": "079190000017",
    "full_name": "Nguyễn Thị Mẫu",
    "date_of_birth": "17/09/1985",
}
ANSWERS = {
    "new_address": "12/3 Đường Ví Dụ",
    "duration": "12",
    "relation": "not_related",
    "household_head": "Trần Văn Thử",
    "owner_agrees": "yes",
    "members": "2",
    "result_form": "paper",
}


class Page(NamedTuple):
    """A page as it arrived."""

    status: int
    path: str
    html: str

    @property
    def text(self) -> str:
        """The words, without mark-up."""
        return " ".join(words_of(self.html))

    @property
    def links(self) -> list[str]:
        return re.findall(r'href="(/kiosk[^"#]*)', self.html)

    def hidden(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', self.html)
        assert found is not None, name
        return found[1]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))


def words_of(html: str) -> list[str]:
    parser = _Words()
    parser.feed(html)
    return parser.words


async def get(browser: Browser, path: str) -> Page:
    async with browser.get(path) as answer:
        return Page(answer.status, str(answer.url.path), await answer.text())


async def post(browser: Browser, path: str, **fields: str) -> Page:
    async with browser.post(path, data=fields) as answer:
        return Page(answer.status, str(answer.url.path), await answer.text())


async def identify(browser: Browser, procedure: str = "res-temporary") -> Page:
    """Start a form and say who one is; ends on the first question."""
    await post(browser, "/kiosk/start", procedure=procedure)
    await post(browser, "/kiosk/identify/type", **PERSON)
    return await post(browser, "/kiosk/person", answer="yes")


async def fill(browser: Browser) -> Page:
    """A complete form; ends on the page to check."""
    page = await identify(browser)
    while page.path.startswith("/kiosk/questions/"):
        page = await post(browser, page.path, answer=ANSWERS[page.path.rpartition("/")[2]])
    await post(browser, "/kiosk/papers", **{"paper.ct01": "yes"})
    return await post(browser, "/kiosk/phone", phone="0901 234 567")
