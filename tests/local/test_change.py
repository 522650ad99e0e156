"""`npm run change` writes what its arguments say, to the local AWS only."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import change
from operations.deployed.local_endpoint import local_client
from operations.deployed.running import Running
from tests.conftest import DeployedService
from tests.local.samples.tables import FakeDynamoDb


def _change(monkeypatch: pytest.MonkeyPatch, service: DeployedService, *arguments: str) -> int:
    running = Running(service.aws.endpoint_url, service.outputs.products_table_name)
    monkeypatch.setattr(change, "find_running", lambda: running)
    return change.main(arguments)


def _item(service: DeployedService, product: str) -> dict[str, object] | None:
    client = local_client("dynamodb", service.aws.endpoint_url)
    table = service.outputs.products_table_name
    item: dict[str, object] | None = client.get_item(TableName=table, Key={"productId": {"S": product}}).get("Item")
    return item


@pytest.mark.end_to_end
def test_attributes_are_set_and_the_product_deleted(
    monkeypatch: pytest.MonkeyPatch, deployed_service: DeployedService
) -> None:
    """Numbers become numbers, the rest text, JSON whatever it is; attributes not named stay."""
    _change(monkeypatch, deployed_service, "prod-456", "name=Desk Lamp", "price=49.90")
    _change(monkeypatch, deployed_service, "prod-456", "price=39.90", "--json", '{"tags": ["a", 1]}')

    assert _item(deployed_service, "prod-456") == {
        "productId": {"S": "prod-456"},
        "name": {"S": "Desk Lamp"},
        "price": {"N": "39.9"},
        "tags": {"L": [{"S": "a"}, {"N": "1"}]},
    }

    assert _change(monkeypatch, deployed_service, "prod-456", "--delete") == 0
    assert _item(deployed_service, "prod-456") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["p"], "Give attributes to set"),
        (["p", "price=1", "--delete"], "Give attributes to set"),
        (["p", "price"], "NAME=VALUE"),
        (["p", "--json", "{"], "--json is not JSON"),
        (["p", "--json", "[" * 100_000], "--json is not JSON"),
        (["p", "--json", "[1]"], "--json takes one object"),
        (["p", "a..b=1"], "not the name of an attribute"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A change that makes no sense ends with 1 and one line that says what is wrong."""
    monkeypatch.setattr(change, "find_running", lambda: Running("http://127.0.0.1:9", "table"))

    assert change.main(arguments) == 1
    assert message in capsys.readouterr().err


def test_without_a_run_the_user_learns_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing runs, the message names `npm start`."""
    monkeypatch.setattr(change, "find_running", lambda: None)

    assert change.main(["p", "price=1"]) == 1
    assert "npm start" in capsys.readouterr().err


def test_a_run_that_does_not_answer_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A local AWS that has ended shows as one line, not as a traceback."""
    monkeypatch.setattr(change, "find_running", lambda: Running("http://127.0.0.1:9", "table"))

    assert change.main(["p", "price=1"]) == 1
    assert "The local AWS refused the change" in capsys.readouterr().err


def test_the_key_is_not_changed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An attribute of the key that is given as one to set is refused."""
    _use(FakeDynamoDb(productId="S"), monkeypatch)

    assert change.main(["p", "productId=q"]) == 1
    assert "productId is the key" in capsys.readouterr().err


def test_a_nested_path_goes_into_its_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dot goes into a map, made where there is none; a backslash keeps it in the name."""
    dynamodb = FakeDynamoDb(productId="S")
    _use(dynamodb, monkeypatch)

    assert change.main(["p", "pricing.amount=10", "--json", '{"pricing.old": 1, "tags": ["a"]}']) == 0
    assert change.main(["p", "pricing.list[0]=12", "tags[1]=b", r"a\.b=x"]) == 0

    assert dynamodb.only() == {
        "productId": {"S": "p"},
        "pricing": {"M": {"amount": {"N": "10"}, "list": {"L": [{"N": "12"}]}}},
        "pricing.old": {"N": "1"},
        "tags": {"L": [{"S": "a"}, {"S": "b"}]},
        "a.b": {"S": "x"},
    }


def test_a_composite_key_is_given_by_names(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each attribute of the key by its name, in any order; without them the message names them."""
    dynamodb = FakeDynamoDb(shop="S", sku="N")
    _use(dynamodb, monkeypatch)

    assert change.main(["price=4", "sku=7", "shop=berlin"]) == 0
    assert dynamodb.only() == {"shop": {"S": "berlin"}, "sku": {"N": "7"}, "price": {"N": "4"}}
    for arguments in (["berlin", "price=4"], ["shop=berlin", "price=4"]):
        assert change.main(arguments) == 1
        assert "The key of this table is shop and sku" in capsys.readouterr().err
    assert change.main(["shop=berlin", "sku=x", "price=4"]) == 1
    assert "'x' is not a number" in capsys.readouterr().err
    assert change.main(["shop=berlin", "sku=7", "--delete"]) == 0
    assert not dynamodb.items


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("price=39,90", "price=39.90"),
        ("price=1,299.00", "price=1299.00"),
        ("price=1,299,000", "price=1299000"),
        ("price=1,299", "price=1299"),
        ("price=1.299,5", "price=1299.5"),
        ("price=$39.90", "price=39.90"),
        ("price=39,90 €", "price=39.90"),
        ("price=USD 1,299.00", "price=1299.00"),
        ("active=true", "--json '{\"active\": true}'"),
        ("active=False", "--json '{\"active\": false}'"),
    ],
)
def test_a_text_that_looks_like_something_else_is_pointed_out(
    word: str, advice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is written as the text that it is, with how to write what was probably meant."""
    dynamodb = FakeDynamoDb(productId="S")
    _use(dynamodb, monkeypatch)

    assert change.main(["p", word]) == 0

    name, _, text = word.partition("=")
    assert dynamodb.only()[name] == {"S": text}
    assert advice in capsys.readouterr().out


@pytest.mark.parametrize(
    "word", ["name=Mouse, red", "name=3,", "price=39.90", "name=truth", "sizes=1,2,3", "sku=ABC 123", "name=7 USB"]
)
def test_other_values_are_not_pointed_out(
    word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is said of what is a number or an ordinary text."""
    _use(FakeDynamoDb(productId="S"), monkeypatch)

    assert change.main(["p", word]) == 0
    assert "note" not in capsys.readouterr().out


def _use(dynamodb: FakeDynamoDb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "find_running", lambda: Running("http://127.0.0.1:9", "table"))
    monkeypatch.setattr(change, "local_client", lambda *_: dynamodb)


def test_the_key_of_another_table_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pair in the place of an id is not taken for an id; one that has an equals sign is given by the key's name."""
    dynamodb = FakeDynamoDb(productId="S")
    _use(dynamodb, monkeypatch)

    assert change.main(["shop=berlin", "sku=7", "price=4"]) == 1
    assert "The key of this table is productId: npm run change -- prod-456" in capsys.readouterr().err
    assert not dynamodb.items
    assert change.main(["productId=a=b", "price=4"]) == 0
    assert dynamodb.only()["productId"] == {"S": "a=b"}


def test_examples_have_the_tables_own_key_and_price(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A message shows a command that this table takes; without readable rules a common one."""
    rules = tmp_path / "alerts.toml"
    rules.write_text(
        '[product]\nprice = "pricing.amount"\nprice_unit = "cents"\n[[rules]]\nname = "n"\nwhen = "added"\n'
    )
    monkeypatch.setattr(change, "RULES", rules)
    _use(FakeDynamoDb(shop="S", sku="N"), monkeypatch)

    assert change.main(["berlin", "price=4"]) == 1
    assert "npm run change -- shop=prod-456 sku=1 pricing.amount=3990" in capsys.readouterr().err
    rules.write_text("[")
    assert change.main(["berlin", "price=4"]) == 1
    assert "npm run change -- shop=… sku=… price=49.90" in capsys.readouterr().err


def test_what_was_set_is_shown_as_it_is_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Truth values, lists and maps as JSON, sets of texts as set(…)."""
    dynamodb = FakeDynamoDb(productId="S")
    _use(dynamodb, monkeypatch)

    given = '{"sold": false, "list": ["ä", 1.50, null], "map": {"a": true}}'
    assert change.main(["p", "tags=set(new, sale)", "name=Mouse", "--json", given]) == 0
    shown = 'tags set(new, sale), name "Mouse", sold false, list ["ä", 1.50, null], map {"a": true}'
    assert capsys.readouterr().out == f"p has {shown}.\n"
    assert sorted(dynamodb.only()["tags"]["SS"]) == ["new", "sale"]
    assert change.main(["p", "tags=set()"]) == 1
    assert "A set has at least one text" in capsys.readouterr().err


def test_what_changes_nothing_or_empties_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A product that is not there is not said to be deleted, and an empty text is pointed out."""
    _use(FakeDynamoDb(productId="S"), monkeypatch)

    assert change.main(["p", "--delete"]) == 0
    assert capsys.readouterr().out == "There is no product p, so nothing is deleted.\n"
    assert change.main(["p", "price="]) == 0
    assert "note: price is an empty text now." in capsys.readouterr().out
