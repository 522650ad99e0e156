"""`npm run pictures`: draw the pictures of the documents anew, with Playwright and a Chrome or Chromium.

The browser is the one that CHROME_PATH names, else one of this machine, else the one that npm brings.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys

from operations.settings.project import PROJECT
from scripts.pictures.pages import RECORD, Page, pages, path_of, recorded

SCALE = 2
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FROM_NPM = "@sparticuz/chromium"
_EXTRACT = f"import('{FROM_NPM}').then(async (npm) => console.log(await npm.default.executablePath()))"
LARGEST = 400_000  # bytes of a picture: they lie in the repository


def main() -> int:
    """Draw those that show something else now, and write down what they were drawn from; return 1 if that fails."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - not part of the basic set-up
    except ImportError:
        sys.stderr.write(
            "Drawing needs Playwright, which the basic set-up leaves out. Install it, and run this again:\n"
            "  .venv/bin/python -m pip install --require-hashes -r scripts/pictures/requirements.txt\n"
        )
        return 1
    drawn_from = pages()
    record = {}
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=_browser(), args=["--no-sandbox", "--font-render-hinting=none"]
            )
            for name, page in drawn_from.items():
                if _is_current(name, page):
                    record[name] = recorded()[name]
                    continue
                tab = browser.new_page(
                    viewport={"width": page.width, "height": 100},
                    device_scale_factor=SCALE,
                    color_scheme=page.scheme,
                    offline=True,
                )
                tab.set_content(page.html)
                picture = tab.screenshot(full_page=True)
                tab.close()
                if len(picture) > LARGEST:
                    raise ValueError(f"{name} has {len(picture)} bytes; expected at most {LARGEST}")
                path_of(name).parent.mkdir(exist_ok=True)
                path_of(name).write_bytes(picture)
                record[name] = {"page": page.fingerprint, "picture": hashlib.sha256(picture).hexdigest()}
                sys.stdout.write(f"{path_of(name).name} drawn\n")
            browser.close()
    except Error as error:
        sys.stderr.write(
            f"The browser did not draw: {error.message.splitlines()[0]}\n"
            f"Name a Chrome or Chromium in CHROME_PATH, or let npm bring one, and run this again:\n"
            f"  npm install --no-save {FROM_NPM}\n"
        )
        return 1
    RECORD.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    return 0


def _is_current(name: str, page: Page) -> bool:
    """Tell whether a picture shows the page already: another machine's fonts would only make it another file."""
    known = recorded().get(name, {})
    path = path_of(name)
    if known.get("page") != page.fingerprint or not path.exists():
        return False
    return bool(hashlib.sha256(path.read_bytes()).hexdigest() == known["picture"])


def _browser() -> str | None:
    """Find a browser; None for Playwright's own."""
    found = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    node = shutil.which("node")
    if found or not node or not (PROJECT / "node_modules" / FROM_NPM).exists():
        return found
    command = [node, "-e", _EXTRACT]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603 - constant
    return done.stdout.strip() or None


if __name__ == "__main__":
    sys.exit(main())
