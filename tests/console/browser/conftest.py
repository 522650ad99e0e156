"""A Chromium, and pages in it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ROOT
from tests.console.stage import TOKEN, Browser

FOLDER = ROOT / "scripts" / "browser"
UNPACKED = ROOT / ".local" / "browser"
REQUIRED = os.environ.get("BROWSER_TESTS") == "required"
"""In the gate they are not to be skipped."""

EMPTY = "about:blank"
"""Opens a browser that has seen nothing of the console yet."""
OpenPage = Callable[..., Any]
"""Opens a page of the console; see `open_page`."""


def _missing(why: str) -> Any:
    why = f"{why}; `npm run setup -- --browser` installs what the tests in a browser need"
    return pytest.fail(why) if REQUIRED else pytest.skip(why)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start the browser: that of CHROME_PATH, or that of the Node package."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not part of the basic set-up
    except ImportError:
        _missing("Playwright is not installed")
    if not (FOLDER / "node_modules" / "axe-core").exists():
        _missing("scripts/browser is not installed")
    named = os.environ.get("CHROME_PATH")
    executable, environment = (named, dict(os.environ)) if named else _unpacked()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            env=environment,
            args=["--no-sandbox", "--font-render-hinting=none", "--host-resolver-rules=MAP shop.example 127.0.0.1"],
        )
        yield browser
        browser.close()


def _unpacked() -> tuple[str, dict[str, str]]:
    """Return the browser of the Node package; with the libraries that it brings where the system lacks some."""
    command = ["node", str(FOLDER / "path.mjs"), str(UNPACKED)]
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with (UNPACKED / "lock").open("w") as lock:  # a file that one process is writing, another cannot run
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        _missing(f"Chromium cannot be unpacked: {done.stderr[-300:]}")
    found = json.loads(done.stdout)
    plain = dict(os.environ)
    brought = {**plain, "LD_LIBRARY_PATH": f"{found['libraries']}:{plain.get('LD_LIBRARY_PATH', '')}"}
    for environment in (plain, brought):
        ran = subprocess.run(
            [found["executable"], "--version", "--no-sandbox"], env=environment, capture_output=True, check=False
        )
        if ran.returncode == 0:
            return found["executable"], environment
    raise _missing(f"Chromium does not run: {ran.stderr.decode(errors='replace')[-300:]}")


@pytest.fixture
def open_page(chromium: Any) -> Iterator[OpenPage]:
    """Open a page of a console as somebody who has the printed address: `open_page(browser, "/live", width=375, …)`.

    What the page says in its console, or throws, fails the test in the end.
    """
    complaints: list[str] = []
    with ExitStack() as stack:

        def open_one(
            browser: Browser, path: str = "/", *, width: int = 1280, trusted: bool = True, **options: Any
        ) -> Any:
            context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            page.complaints = complaints
            if path == EMPTY:
                return page
            page.goto(f"{browser.origin}/?launch={TOKEN}" if trusted else browser.origin)
            if path != "/":
                page.goto(browser.origin + path)
            return page

        yield open_one
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """Give the script of the accessibility check."""
    path = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    return path.read_text("utf-8") if path.exists() else ""


def in_both_widths(
    browser: Browser, paths: list[str], open_page: OpenPage, axe: str, scheme: str
) -> Iterator[tuple[Any, str, int, list[str]]]:
    """Open each page, wide and at phone width; give it, its path, the width, and what the accessibility check says."""
    for width in (1280, 375):
        page = open_page(browser, width=width, color_scheme=scheme)
        for path in paths:
            page.goto(browser.origin + path)
            page.wait_for_timeout(100)
            yield page, path, width, [f"{path}, {width} wide: {each}" for each in violations(page, axe)]


def violations(page: Any, axe: str) -> list[str]:
    """List what the accessibility check has against a page."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}, {each['nodes'][0]['html'][:120]}" for each in found]


@pytest.fixture
def unpacked_for(tmp_path: Path) -> Path:
    """Give a folder for pictures."""
    return tmp_path
