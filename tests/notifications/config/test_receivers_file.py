"""receivers.toml: every mistake is reported, with line, receiver, key and what was expected."""

from __future__ import annotations

from datetime import UTC, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifications.common.errors import Problem, ReceiversError
from notifications.config import receivers_file, rules_file
from notifications.config.receiver import Digest, Quiet, Receiver
from notifications.config.receiver_keys import KEYS_BY_KIND
from tests.builders import ROOT

RULESET = rules_file.load(ROOT / "alerts.toml")
BERLIN = ZoneInfo("Europe/Berlin")
NEEDED = {
    "text": "",
    "mail": 'to = ["a@shop.example"]\nfrom = "b@shop.example"',
    "slack": 'secret = "buyers-slack"',
    "teams": 'secret = "buyers-teams"',
    "discord": 'secret = "buyers-discord"',
    "webhook": 'url = "https://shop.example/alerts"\nsecret = "key"',
    "chatbot": "",
}


def entry(lines: str = "", kind: str = "text", name: str = "r") -> str:
    """Write a receiver."""
    return f'[[receivers]]\nname = "{name}"\nkind = "{kind}"\n{NEEDED[kind]}\n{lines}\n'


def one(lines: str = "", kind: str = "text") -> Receiver:
    """Read a receiver."""
    (found,) = receivers_file.parse(entry(lines, kind)).all
    return found


def problems(text: str) -> tuple[Problem, ...]:
    """Give the mistakes in a file, compared with the project's rules."""
    with pytest.raises(ReceiversError) as caught:
        receivers_file.parse(text, ruleset=RULESET)
    return caught.value.problems


def message(lines: str, kind: str = "text") -> str:
    """Give the only mistake in a receiver."""
    (found,) = problems(entry(lines, kind))
    return found.message


def test_the_projects_own_receiver_is_everyone() -> None:
    """Plain words, which need no verified sender and no secret."""
    assert receivers_file.load(ROOT / "receivers.toml", RULESET).all == (Receiver("everyone", "text"),)


@pytest.mark.parametrize("kind", KEYS_BY_KIND)
def test_every_kind_can_be_written(kind: str) -> None:
    """With what it needs alone."""
    assert one(kind=kind).kind == kind


def test_no_file_has_no_receivers(tmp_path: Path) -> None:
    """Nothing is made, nothing is to be paid."""
    assert receivers_file.load(tmp_path / "receivers.toml").all == ()


def test_times_have_zones() -> None:
    """A digest and quiet hours, and the zone that times are written in."""
    found = one('digest = "08:00 Europe/Berlin"\nquiet = "22:30-7:00 America/New_York"')
    assert found.digest == Digest(time(8), BERLIN)
    assert found.quiet == Quiet(time(22, 30), time(7), ZoneInfo("America/New_York"))
    assert found.zone == BERLIN
    assert one('digest = "hourly"\nquiet = "22:30-07:00 Europe/Berlin"').zone == BERLIN
    assert one('digest = "hourly"').zone == UTC
    assert one().zone == UTC


@pytest.mark.parametrize(
    ("only", "policy"),
    [
        ('{ type = "product.added" }', {"type": ["product.added"]}),
        ('{ severity = ["warning", "critical"], category = "Home" }',
         {"severity": ["warning", "critical"], "category": ["Home"]}),
        ("{ stock = 5 }", {"stock": [{"numeric": ["=", 5]}]}),
        ("{ sale = true }", {"sale": ["true"]}),
        ("{ price = { at_least = 5, less_than = 9.5 } }", {"price": [{"numeric": [">=", 5, "<", 9.5]}]}),
        ("{ price = { at_most = 9, more_than = 5 } }", {"price": [{"numeric": [">", 5, "<=", 9]}]}),
        ("{ price = { more_than = 5 } }", {"price": [{"numeric": [">", 5]}]}),
        ('{ category = { prefix = "El" } }', {"category": [{"prefix": "El"}]}),
        ("{ category = { exists = false } }", {"category": [{"exists": False}]}),
        ('{ rule = { not = ["a", "b"] } }', {"rule": [{"anything-but": ["a", "b"]}, {"exists": False}]}),
        ('{ rule = { not = { prefix = "x" } } }', {"rule": [{"anything-but": {"prefix": "x"}}, {"exists": False}]}),
    ],
)  # fmt: skip
def test_only_becomes_a_filter_policy(only: str, policy: dict[str, Any]) -> None:
    """As SNS takes it, with the words of `where`."""
    assert one(f"only = {only}").only == policy


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("[]", "expected conditions on message attributes"),
        ("{ a = 1, b = 1, c = 1, d = 1, e = 1, f = 1 }", "at most 5 message attributes"),
        ('{ type = "product.price_droped" }', "did you mean product.price_dropped?"),
        ('{ severity = "warnin" }', "did you mean warning?"),
        ('{ rule = "price-drpo" }', 'alerts.toml has no rule "price-drpo"'),
        ('{ rule = { not = "price-drpo" } }', "did you mean price-drop?"),
        ('{ categori = "Home" }', "categori is not a message attribute"),
        ("{ category = { prefix = 'a', suffix = 'b' } }", "category: expected one test, or a lower and an upper bound"),
        ("{ category = { less_than = 3, at_most = 5 } }", "category: expected one test"),
        ("{ category = { prefixx = 'a' } }", "category: unknown test 'prefixx'; did you mean prefix?"),
        ("{ category = 1.123456 }", "at most 5 digits after the point"),
        ("{ category = { not = ['a', 5] } }", "expected texts or numbers"),
        ("{ category = { not = { less_than = 5 } } }", "SNS cannot filter by the rest"),
        (f"{{ category = {[str(n) for n in range(20)]}, productId = {[str(n) for n in range(8)]} }}", "20 x 8 = 160"),
    ],
)
def test_what_sns_cannot_filter_by_or_the_rules_do_not_have_is_refused(only: str, said: str) -> None:
    """With the limit, or the nearest word."""
    assert said in message(f"only = {only}")


SECRETS = [
    "https://hooks.slack.com/services/T0/B0/abcdefg", "xoxb-1234567890-abcdef", "whsec-abcdef", "AKIAIOSFODNN7EXA",
    "c3VwZXIgc2VjcmV0", "0123456789abcdef0123456789abcdef", "hooks.slack.com/services", "my secret", "/alerts/x",
]  # fmt: skip


@pytest.mark.parametrize("value", SECRETS)
@pytest.mark.parametrize("kind", ["slack", "teams", "discord", "webhook"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(kind: str, value: str) -> None:
    """The message says what to do instead, and can be pasted anywhere."""
    text = entry(kind=kind).replace(NEEDED[kind].rpartition("secret = ")[2], f'"{value}"')
    with pytest.raises(ReceiversError) as caught:
        receivers_file.parse(text)
    assert "expected the name of an SSM SecureString" in str(caught.value)
    assert value not in str(caught.value)


MISPLACED = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLawSwhsec",
    "whsec_abc",
    "https://hooks.slack.com/services/T00/B00/abc",
    "hooks.slack.com/services/T00/B00/abc",
    "xoxb12345678901234567890ABCDEF",
    "a1" * 1000,
]


@pytest.mark.parametrize("value", MISPLACED, ids=lambda value: value[:20])
@pytest.mark.parametrize(
    "text",
    [
        '[[receivers]]\nname = "{}"\nkind = "text"\n',
        '[[receivers]]\nname = "{}"\nkind = "mail"\nsubject = "{}"\n',
        '[[receivers]]\nname = "r"\nkind = "{}"\n',
        '[[receivers]]\nname = "r"\nkind = "text"\ndigest = "{}"\n',
        '[[receivers]]\nname = "r"\nkind = "text"\n"{}" = 1\n',
        '"{}" = 1\n',
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(text: str, value: str) -> None:
    """Neither in the sentence nor in the fields; what was expected, and the line, say enough."""
    for found in problems(text.replace("{}", value)):
        assert found.line
        assert value[:8] not in repr(found) + str(found)


def test_a_mistaken_name_that_is_a_word_is_repeated() -> None:
    """It is found sooner so."""
    (found,) = problems(entry(name="Buyers of 2026"))
    assert (found.rule, found.value) == ("Buyers of 2026", "Buyers of 2026")
    (found,) = problems('[[receivers]]\nname = "r"\nkind = "slacc"\n')
    assert "slacc" in str(found)


def test_the_url_of_a_chat_is_a_secret() -> None:
    """It belongs into SSM; the message does not repeat it."""
    url = "https://hooks.slack.com/services/T0/B0/abcdefg"
    with pytest.raises(ReceiversError) as caught:
        receivers_file.parse(entry(f'url = "{url}"', "slack"))
    assert "the URL of a chat's webhook is a secret: store it in SSM" in str(caught.value)
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://shop.example", "https://", "shop.example", "https://a b", "https://shop.example:x", ""]
)
def test_a_webhook_is_https(url: str) -> None:
    """Whole, and without blanks."""
    text = entry(kind="webhook").replace("https://shop.example/alerts", url)
    assert problems(text)[0].message.startswith("expected an address such as")


def test_a_webhook_has_no_password_in_its_address() -> None:
    """It would stand in the repository; the message does not repeat it."""
    text = entry(kind="webhook").replace("//shop", "//me:hunter2@shop")
    with pytest.raises(ReceiversError) as caught:
        receivers_file.parse(text)
    assert "must hold no user name or password" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T0/B0/hunter2", "https://HOOKS.slack.com:443/workflows/hunter2",
        "https://discord.com/api/webhooks/1/hunter2", "https://ptb.discord.com/api/webhooks/1/hunter2",
        "https://discordapp.com/api/webhooks/1/hunter2", "https://acme.webhook.office.com/webhookb2/hunter2",
        "https://prod-1.westeurope.logic.azure.com/workflows/1?sig=hunter2",
        "https://shop.example/?a=b&access_token=hunter2", "https://shop.example/?sig=hunter2",
        "https://shop.example/?API-KEY=b&apiKey=hunter2", "https://shop.example/?x-secret=hunter2",
    ],
)  # fmt: skip
def test_a_webhooks_url_holds_no_secret(url: str) -> None:
    """Neither a chat's, which is one as a whole, nor a token; the message does not repeat it."""
    with pytest.raises(ReceiversError) as caught:
        receivers_file.parse(entry(kind="webhook").replace("https://shop.example/alerts", url))
    assert "secret" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://nothooks.slack.com.shop.example/x", "https://shop.example/?tokens=1&design=2", "https://x.example/"],
)
def test_other_urls_of_webhooks_are_taken(url: str) -> None:
    """What only looks a little like it."""
    (found,) = receivers_file.parse(entry(kind="webhook").replace("https://shop.example/alerts", url)).all
    assert found.url == url


@pytest.mark.parametrize("text", ["${env:HOME}", "x\\u0000y", "x" * 1001, "\\u202e"])
@pytest.mark.parametrize("form", ['"{}"', '{{ not = "{}" }}', '{{ prefix = "{}" }}', '["a", "{}"]'])
def test_only_holds_no_text_that_a_deploy_would_change_or_refuse(form: str, text: str) -> None:
    """It goes into the template, where ${ begins a variable; SNS carries no control characters."""
    assert "expected texts of at most 1000 printable characters" in message(
        f"only = {{ category = {form.format(text)} }}"
    )


def test_all_that_is_wrong_in_only_is_said_at_once() -> None:
    """Values, names of attributes, and rules, each once."""
    found = problems(entry('only = { severity = "Critical", type = "x", sku = 7, rule = "price-drpo" }'))
    said = [problem.message for problem in found]
    assert len(said) == 4
    assert said[0].startswith('severity: "Critical": expected one of info, warning, critical')
    assert said[1].startswith('type: "x": expected one of')
    assert said[2].startswith("sku is not a message attribute")
    assert said[3].startswith('alerts.toml has no rule "price-drpo"')


def test_a_kind_that_does_not_exist_is_said_once() -> None:
    """And its other keys are still checked."""
    found = problems('[[receivers]]\nname = "r"\nkind = "slak"\nurl = "ftp://x"\n')
    assert [problem.key for problem in found] == ["kind", "url"]


def test_fifty_receivers_are_the_most() -> None:
    """A stack has room for no more; and it is said once, not fifty times."""
    text = "".join(entry(name=f"r{number}") for number in range(51))
    (found,) = problems(text)
    assert "expected at most 50 receivers, got 51" in str(found)


@pytest.mark.parametrize(
    "text", ["a = 1\n" * 200_000, f'a = "{"x" * 12_000}"', f'[[receivers]]\nname = "{"a" * 11_000}"']
)
def test_a_file_of_any_length_is_answered_in_a_few_lines(text: str) -> None:
    """What is wrong is cut where it is repeated."""
    with pytest.raises(ReceiversError) as caught:
        receivers_file.parse(text)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("name", ["", "Everyone", "1st", "a_b", "a b", "a-", "a" * 33, "ä", "a\n"])
def test_a_name_is_safe_in_names_of_queues(name: str) -> None:
    """Lower-case letters, digits and hyphens."""
    (found,) = problems(entry().replace('name = "r"', f"name = {name!r}" if "\n" not in name else 'name = "a\\n"'))
    assert "expected a lower-case letter" in found.message


@pytest.mark.parametrize(("first", "second"), [("a", "a"), ("a-b", "ab")])
def test_names_are_unique(first: str, second: str) -> None:
    """Also without their hyphens, which names of CloudFormation cannot hold."""
    (found,) = problems(entry(name=first) + entry(name=second))
    assert (found.rule, found.key, found.line) == (second, "name", 7)
    assert "another receiver has this name" in found.message


@pytest.mark.parametrize(
    ("lines", "kind", "said"),
    [
        ('digest = "8 Europe/Berlin"', "text", 'expected "hourly", or a time with its zone'),
        ('digest = "24:00 Europe/Berlin"', "text", 'expected "hourly", or a time'),
        ('digest = "08:00"', "text", "with its zone"),
        ('digest = "08:00 Europe/Berlni"', "text", "did you mean Europe/Berlin?"),
        ('digest = "08:00 ../../etc/passwd"', "text", "unknown time zone"),
        ('quiet = "22:00 Europe/Berlin"', "text", "expected a span with its zone"),
        ('quiet = "22:00-22:00 UTC"', "text", "two different times"),
        ('language = "xx"', "text", "expected one of en, de"),
        ("most_products = 0", "text", "expected a whole number from 1 to 100"),
        ('digest = "hourly"', "webhook", "digest belongs to text, mail"),
        ('template = "../secret.html"', "mail", 'expected a file such as "templates/shop.html"'),
        ('to = ["a@b.example"]', "text", "to belongs to mail, not to text"),
        ("digset = 1", "text", "did you mean digest?"),
    ],
)
def test_mistakes_are_told_with_what_was_expected(lines: str, kind: str, said: str) -> None:
    """And the nearest word where there is one."""
    assert said in message(lines, kind)


@pytest.mark.parametrize("address", ["*@shop.example", "a?b@shop.example", "${x}@shop.example", "a$b@shop.example"])
def test_a_sender_gives_the_function_no_more_than_itself(address: str) -> None:
    """It stands in a policy of IAM, where * and ? fit anything, and in a text that CloudFormation fills."""
    (found,) = problems(entry(kind="mail").replace("b@shop.example", address))
    assert found.key == "from"
    assert "without *, ? and $" in found.message


@pytest.mark.parametrize(
    "address",
    ["x", "a@b", "a b@shop.example", "a@shop.example\\nBcc: b@shop.example", "Me <a@shop.example>", "ä@shop.example"],
)
def test_an_address_is_one_address(address: str) -> None:
    """No display name, no line break, nothing that a header could be made of."""
    text = entry(kind="mail").replace("b@shop.example", address)
    (found,) = problems(text)
    assert (found.key, found.message) == ("from", 'expected an address such as "alerts@shop.example"')


def test_what_a_kind_needs_is_asked_for() -> None:
    """Each key by its name, in one go, with the receiver's line and name."""
    found = problems('[[receivers]]\nname = "m"\nkind = "mail"\n\n[[receivers]]\n')
    assert [(each.line, each.rule, each.key) for each in found] == [
        (1, "m", "to"), (1, "m", "from"), (5, "number 2", "name"), (5, "number 2", "kind"),
    ]  # fmt: skip
    assert str(found[0]) == 'line 1, receiver "m", to: is missing: expected the addresses of the mail'


@pytest.mark.parametrize(
    "text", ["receivers = 5", "receivers = [5]", "x = [", "[[receiver]]\nname = 'a'", "a = " + "[" * 5000]
)
def test_what_is_no_receivers_file_is_refused(text: str) -> None:
    """With an error of ours, and never with another."""
    with pytest.raises(ReceiversError):
        receivers_file.parse(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder in its place, or bytes that are not text."""
    (tmp_path / "receivers.toml").write_bytes(b"\xff")
    with pytest.raises(ReceiversError, match=r"receivers\.toml: 1 mistake\n  cannot be read"):
        receivers_file.load(tmp_path / "receivers.toml")
