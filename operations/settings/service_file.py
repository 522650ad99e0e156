"""What serverless.yml says about a stage, as far as the rules depend on it.

Parameters are resolved as osls does: those given on the command line, then the stage's, then the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from notifications.common.errors import ConfigurationError
from notifications.stream.changes import VIEW_TYPES
from operations.settings.params import check_params

FUNCTION = "alerts"
_STREAM_ARN = re.compile(r"arn:[a-z0-9-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[^/]+/stream/.+")
_PARAM = re.compile(r"\$\{param:([A-Za-z0-9_-]+)\}")


class _Loader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation (!Ref, !GetAtt) as their plain values."""


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
    view_type: str
    """One of VIEW_TYPES: which images the stream sends."""
    key_attributes: tuple[str, ...]
    """The attributes of the table's key, which every record carries; empty for a table of the user's own."""
    stream: Mapping[str, Any]
    """The settings of the function's stream event."""
    timeout: float
    """The function's timeout, in seconds."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """All parameters, as this stage has them."""
    stages: tuple[str, ...] = ()
    """Those that `params` names."""
    stream_region: str = ""
    """Where the stream is that was given; empty for a table of the stack's own."""


def read_service(folder: Path, stage: str, given: Mapping[str, str]) -> Service:
    """Read the service in `folder` as `sls` would with the parameters `given`. Raises ConfigurationError."""
    document = read_document(folder / "serverless.yml")
    by_stage = document.get("params") or {}
    stages = tuple(name for name in by_stage if name != "default")
    defaults, of_stage = by_stage.get("default") or {}, by_stage.get(stage) or {}
    check_params(defaults, of_stage, given)
    params = {**defaults, **of_stage, **given}
    stream_arn = params.get("productsStreamArn")
    if stream_arn:
        if not _STREAM_ARN.fullmatch(str(stream_arn)):
            raise ConfigurationError(
                f"productsStreamArn: {stream_arn!r} is not the ARN of a table's stream; expected "
                "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL, as `aws dynamodb describe-table` gives "
                "it in LatestStreamArn"
            )
        view_type = str(params.get("productsStreamViewType"))
        keys: tuple[str, ...] = ()
    else:
        view_type, keys = _own_table(folder)
    if view_type not in VIEW_TYPES:
        raise ConfigurationError(f"the stream's view type is {view_type!r}; expected one of {', '.join(VIEW_TYPES)}")
    function = _function(document)
    stream = next((event["stream"] for event in function.get("events") or [] if "stream" in event), None)
    if not isinstance(stream, dict):
        raise ConfigurationError(
            f"serverless.yml: function {FUNCTION} has no stream event, so no record would reach it"
        )
    timeout = _resolved(function.get("timeout", document.get("provider", {}).get("timeout", 6)), params)
    try:
        seconds = float(timeout)
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"serverless.yml: timeout of function {FUNCTION} is {timeout!r}; expected a number of seconds"
        ) from None
    region = stream_arn.split(":")[3] if stream_arn else ""
    return Service(stage, view_type, keys, _resolved(stream, params), seconds, params, stages, region)


def _function(document: Mapping[str, Any]) -> dict[str, Any]:
    function = (document.get("functions") or {}).get(FUNCTION)
    if not isinstance(function, dict):
        raise ConfigurationError(f"serverless.yml: expected a function called {FUNCTION}")
    return function


def _resolved(value: Any, params: Mapping[str, Any]) -> Any:
    """Fill in ${param:…}; everything else stays as it is written."""
    if isinstance(value, dict):
        return {key: _resolved(inner, params) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, params) for inner in value]
    match = _PARAM.fullmatch(value) if isinstance(value, str) else None
    return params.get(match[1]) if match else value


def _own_table(folder: Path) -> tuple[str, tuple[str, ...]]:
    path = folder / "infrastructure" / "products-table.yml"
    try:
        table = read_document(path)["Resources"]["ProductsTable"]["Properties"]
        view_type = table["StreamSpecification"]["StreamViewType"]
        keys = tuple(key["AttributeName"] for key in table["KeySchema"])
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"{path.name}: ProductsTable has no {error}; alerts need it") from None
    return str(view_type), keys


def read_document(path: Path) -> dict[str, Any]:
    """Read a YAML file of the service; CloudFormation's short forms become plain values. Raises ConfigurationError."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader, with tags
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path.name} is not valid YAML: {error}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path.name}: expected keys and values")
    return document
