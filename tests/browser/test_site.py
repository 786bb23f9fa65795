"""The site in a real browser: nothing runs out of a phone's screen, the search finds, and nobody else is asked."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from ..harness import ROOT

pytestmark = pytest.mark.docs
_PHONE = {"width": 375, "height": 800}
# What cannot be seen on the page: beyond its right edge, or in a program that does not scroll.
_HIDDEN = """() => {
    const seen = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > seen ? ["the page"] : [];
    const cut = [...document.querySelectorAll("article pre code, article .md-typeset__scrollwrap")]
        .filter(each => each.scrollWidth > each.clientWidth + 1)
        .filter(each => !["auto", "scroll"].includes(getComputedStyle(each).overflowX));
    return wide.concat(cut.map(each => each.textContent.trim().slice(0, 60)));
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def built():
    """The site that `make docs` has just built: its folder, and where it is served."""
    folder = ROOT / "build" / "site"
    assert (folder / "index.html").exists(), "`make docs` builds it"
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def phone(browser, built):
    """A page of a phone at night."""
    with browser.new_context(viewport=_PHONE, color_scheme="dark") as context:
        asked = []
        context.set_default_timeout(120_000)  # the machine may be busy
        context.on("request", lambda request: asked.append(request.url))
        yield context.new_page()
        assert [url for url in asked if not url.startswith((built[1], "data:", "blob:"))] == []


def test_nothing_runs_out_of_a_phone_s_screen(phone, built):
    folder, url = built
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    assert len(pages) > 50
    hidden = {}
    for page in pages:
        phone.goto(url + page)
        hidden[page] = phone.evaluate(_HIDDEN)
    assert {page: what for page, what in hidden.items() if what} == {}
    assert phone.locator("body").get_attribute("data-md-color-scheme") == "slate"


_FOUND = {"update_shadow": "reference/aws_iot.html", "closed before CONNACK": "docs/troubleshooting.html"}


@pytest.mark.parametrize(("words", "page"), _FOUND.items())
def test_the_search_finds_it(words, page, phone, built):
    phone.goto(built[1] + "index.html")
    phone.locator(".md-header__button[for=__search]").click()
    expect(phone.get_by_text("Type to start searching")).to_be_visible(timeout=120_000)
    phone.get_by_role("textbox", name="Search").press_sequentially(words)  # the search waits for keys
    found = phone.locator(f".md-search-result__link[href*='{page}']")
    expect(found.first).to_be_visible(timeout=120_000)
