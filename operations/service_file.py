"""What serverless.yml says of a stage, as far as the rules have to fit it.

Parameters are resolved as osls does: those given on the command line, then the stage's, then the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from notifications.changes import VIEW_TYPES
from notifications.errors import ConfigurationError

PROJECT = Path(__file__).parent.parent
SERVICE = "product-alerts"
DEFAULT_STAGE = "dev"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms (!Ref, !GetAtt) as what stands behind them."""


def _any_tag(loader: yaml.Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_mapping(node) if isinstance(node, yaml.MappingNode) else None


_Loader.add_multi_constructor("!", _any_tag)


@dataclass(frozen=True, slots=True)
class Service:
    """A stage of the service."""

    stage: str
    params: Mapping[str, Any]
    view_type: str
    """What the stream sends."""
    key_attributes: tuple[str, ...]
    """The table's key, known whatever the stream sends; empty for a table that is not ours."""


def read_service(folder: Path, stage: str, given: Mapping[str, str]) -> Service:
    """Read the service in `folder`; ConfigurationError says what is wrong with it."""
    document = _read(folder / "serverless.yml")
    by_stage = document.get("params") or {}
    params = {**(by_stage.get("default") or {}), **(by_stage.get(stage) or {}), **given}
    stream_arn = params.get("productsStreamArn")
    if stream_arn:
        if ":dynamodb:" not in stream_arn or "/stream/" not in stream_arn:
            raise ConfigurationError(
                f"productsStreamArn: {stream_arn!r} is no stream of a table; expected "
                "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL, as `aws dynamodb describe-table` gives "
                "it in LatestStreamArn"
            )
        view_type = str(params.get("productsStreamViewType"))
        keys: tuple[str, ...] = ()
    else:
        view_type, keys = _own_table(folder)
    if view_type not in VIEW_TYPES:
        raise ConfigurationError(f"the stream's view type is {view_type!r}; expected one of {', '.join(VIEW_TYPES)}")
    return Service(stage, params, view_type, keys)


def _own_table(folder: Path) -> tuple[str, tuple[str, ...]]:
    path = folder / "infrastructure" / "products-table.yml"
    try:
        table = _read(path)["Resources"]["ProductsTable"]["Properties"]
        view_type = table["StreamSpecification"]["StreamViewType"]
        keys = tuple(key["AttributeName"] for key in table["KeySchema"])
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"{path.name}: ProductsTable has no {error}, which alerts need") from None
    return str(view_type), keys


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader, with tags
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path.name} is no valid YAML: {error}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path.name}: expected keys and values")
    return document
