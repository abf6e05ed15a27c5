"""One browser for all tests of the pages: the system's Chromium, never a download."""

from __future__ import annotations

import shutil

import pytest
import reportpages

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The folder of a report."""
    return reportpages.build(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def browser():
    """A running browser; without one on PATH the tests are skipped."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser on PATH ({', '.join(BROWSERS)}): install Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # as root, in a container, Chromium's own sandbox cannot start
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser, report):
    """Opens pages of the report; whatever they log, throw or ask the network for fails the test."""
    contexts, wrong = [], []

    def opened(name: str, width: int = 1280, scheme: str = "light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()

        def asked(route):
            url = route.request.url
            if not url.startswith(("file:", "data:", "blob:")):
                wrong.append(f"asked for {url}")
                route.abort()
            else:
                route.continue_()

        page.route("**/*", asked)
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"threw {error}"))
        page.on("dialog", lambda dialog: wrong.append(f"asked {dialog.message}"))
        path, _, anchor = name.partition("#")
        page.goto((report / path).as_uri() + (f"#{anchor}" if anchor else ""))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
