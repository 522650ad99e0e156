"""`npm run change` writes what its arguments say, to the local AWS only."""

import pytest

from local import change
from operations.deployed.local_endpoint import local_client
from operations.deployed.running import Running
from tests.conftest import DeployedService


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
        (["p", "productId=q"], "productId is the key"),
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
