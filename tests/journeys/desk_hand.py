"""An officer at the counter's pages without a browser: forms read as they are, buttons pressed."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Final, NamedTuple

import aiohttp
from yarl import URL

DOSSIER: Final = re.compile(r"/counter/dossiers/([0-9a-f]{32})")
SIGN_IN: Final = "/counter/sign-in"
LOCKED: Final = "/counter/locked"
_VOID: Final = {"input", "button", "select", "textarea", "option"}


class Button(NamedTuple):
    """What pressing it would send, and where."""

    id: str
    name: str
    value: str
    action: str


class Form:
    """The fields of one form as the browser would send them, and its buttons."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.buttons: list[Button] = []


class _Reader(HTMLParser):
    """Forms of a page, with the parts that name a form from outside it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._by_id: dict[str, Form] = {}
        self._open: Form | None = None
        self._select = ""
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""))
            self.forms.append(self._open)
            self._by_id[given.get("id", "")] = self._open
        form = self._by_id.get(given["form"]) if "form" in given else self._open
        if form is None or tag not in _VOID:
            return
        self._part(form, tag, given)

    def _part(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "button":
            action = given.get("formaction", form.action)
            form.buttons.append(Button(given.get("id", ""), name, given.get("value", ""), action))
        elif tag == "select":
            self._select = name
        elif tag == "option":
            if self._select and ("selected" in given or self._select not in form.fields):
                form.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._text = name
            form.fields.setdefault(name, "")
        elif name and (given.get("type") not in {"radio", "checkbox"} or "checked" in given):
            form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text and self._open is not None:
            self._open.fields[self._text] = data


class Hand:
    """One officer at one counter; `page` is what the screen shows."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base
        self._credentials: dict[str, str] = {}
        self.page = ""
        self.path = ""

    async def sign_in(self, officer: str, pin: str) -> None:
        """Through the door; from now on a screen that has locked itself is opened again."""
        await self.look(SIGN_IN)
        self._credentials = {"officer": officer, "pin": pin}
        await self.press(SIGN_IN, **self._credentials)

    async def look(self, path: str) -> None:
        """Open a page."""
        async with self._session.get(URL(self._base + path)) as answer:
            await self._shown(answer)
        if self.path == LOCKED and self._credentials:
            await self.press(LOCKED, **self._credentials)
            await self.look(path)

    async def press(self, wanted: str, **fields: str) -> None:
        """Press the button that is called so (id, value or target), with these fields filled."""
        form, button = self._find(wanted)
        body = {**form.fields, **fields}
        if button.name:
            body[button.name] = button.value
        async with self._session.post(URL(self._base + button.action), data=body) as answer:
            await self._shown(answer)

    def has(self, wanted: str) -> bool:
        """Whether there is such a button."""
        return self._match(wanted) is not None

    @property
    def dossier(self) -> str:
        """The dossier on the desk; empty when there is none."""
        found = DOSSIER.search(self.page)
        return found[1] if found else ""

    def _find(self, wanted: str) -> tuple[Form, Button]:
        found = self._match(wanted)
        assert found is not None, f"no button {wanted} on {self.path}"
        return found

    def _match(self, wanted: str) -> tuple[Form, Button] | None:
        reader = _Reader()
        reader.feed(self.page)
        for form in reader.forms:
            for button in form.buttons:
                if wanted in {button.id, button.value, button.action}:
                    return form, button
        return None

    async def _shown(self, answer: aiohttp.ClientResponse) -> None:
        self.page, self.path = await answer.text(), answer.url.path
        assert answer.status in {200, 422}, (answer.status, self.path)
        assert answer.status == 200, f"refused on {self.path}: {self._complaint()}"

    def _complaint(self) -> str:
        alerts = re.findall(r'role="alert"[^>]*>(.*?)</p>', self.page, re.DOTALL)
        return " ".join(re.sub(r"<[^>]*>", "", one) for one in alerts)


@asynccontextmanager
async def at_counter(base: str, authority: str, officer: str, pin: str) -> AsyncIterator[Hand]:
    """An officer who has signed in."""
    context = ssl.create_default_context(cafile=authority)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        headers={"Sec-Fetch-Site": "same-origin"},
        timeout=aiohttp.ClientTimeout(total=60),
    ) as session:
        hand = Hand(session, base)
        await hand.sign_in(officer, pin)
        assert hand.path == "/counter", hand.path
        yield hand
