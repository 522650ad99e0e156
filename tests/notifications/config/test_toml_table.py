"""Which line of a TOML file a key stands on."""

from __future__ import annotations

from notifications.config.toml_table import lines_of

TEXT = '''# a comment with """ in it
top = 1
[product] # the table
id = "a"
"quoted key" = 1
'single' = 2
currency.value = "USD"

[[rules]]
name = "first"
title = """
name = "not a key"
[[rules]]
"""
text = 'after'
attributes = [
  "x",
  "y = z",
]

  [[ rules ]]
  name = "second"  # [[rules]]
'''


def test_every_key_and_header_has_its_line() -> None:
    """Comments, quoted keys, dotted keys, long texts and lists do not lead astray."""
    assert lines_of(TEXT) == {
        (("", 1), "top"): 2,
        (("product", 1), ""): 3,
        (("product", 1), "id"): 4,
        (("product", 1), "quoted key"): 5,
        (("product", 1), "single"): 6,
        (("product", 1), "currency"): 7,
        (("rules", 1), ""): 9,
        (("rules", 1), "name"): 10,
        (("rules", 1), "title"): 11,
        (("rules", 1), "text"): 15,
        (("rules", 1), "attributes"): 16,
        (("rules", 2), ""): 21,
        (("rules", 2), "name"): 22,
    }


def test_only_line_feeds_end_lines() -> None:
    """Other separators, which TOML allows inside a line, do not count."""
    for separator in ("\u2028", "\x85", "\u2029"):
        assert lines_of(f'# a{separator}b\nname = "x"')[(("", 1), "name")] == 2
    assert lines_of("a = 1\r\nb = 2\r\n")[(("", 1), "b")] == 2


def test_an_empty_file_has_no_lines() -> None:
    """Nothing to find is not an error."""
    assert lines_of("") == {}
