"""The pictures of the documents show what receivers get now, and the dashboard as it is."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from scripts.pictures.__main__ import LARGEST, SCALE
from scripts.pictures.pages import FOLDER, Page, pages, path_of, recorded
from tests.builders import ROOT


@cache
def drawn() -> Mapping[str, Page]:
    """Play a day, and write its pages; in a thread, as tests in a browser keep an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(pages).result()


@pytest.mark.parametrize("name", recorded())
def test_a_picture_is_drawn_from_what_a_receiver_gets_now(name: str) -> None:
    """After a change of a template, a message or a sample, `npm run pictures` draws it anew."""
    assert recorded()[name]["page"] == drawn()[name].fingerprint


@pytest.mark.parametrize("name", recorded())
def test_a_picture_is_the_one_that_was_drawn(name: str) -> None:
    """A PNG at twice the page's width, small enough for a repository."""
    picture = path_of(name).read_bytes()
    assert hashlib.sha256(picture).hexdigest() == recorded()[name]["picture"]
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">I", picture[16:20])[0] == SCALE * drawn()[name].width
    assert len(picture) <= LARGEST


def test_documents_show_pictures_that_exist_and_describe_them() -> None:
    """Each image has an alternative text, and each picture of a scheme its fellow."""
    shown: set[str] = set()
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        text = document.read_text("utf-8")
        for name in re.findall(r'(?:src|srcset)="(?:docs/)?pictures/([\w-]+)\.png"', text):
            assert name in drawn(), f"{document.name}: {name}"
            shown.add(name)
        for image in re.findall(r"<img [^>]*>", text):
            assert re.search(r'alt="[^"]{20,}"', image), image
    assert shown == {name for name in drawn() if name != "mail-phone"}


def test_no_picture_is_left_behind() -> None:
    """One that nobody draws any more."""
    assert {path.stem for path in FOLDER.glob("*.png")} == set(drawn()) == set(recorded())


def test_a_fingerprint_changes_with_what_is_seen() -> None:
    """The text, the width and the scheme."""
    page = Page("<p>a</p>", 640, "light")
    others = (Page("<p>b</p>", 640, "light"), Page("<p>a</p>", 320, "light"), Page("<p>a</p>", 640, "dark"))
    assert page.fingerprint not in {other.fingerprint for other in others}
