"""What the plugin and its helpers do before `sls` deploys, each run by Node alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from operations.deployed.running import Running, claim_directory
from tests.builders import ROOT
from tests.infrastructure.endpoint import refusing_endpoint
from tests.packaging import environment

DEAD = "http://127.0.0.1:9"


_DELIVERED_TO = """
const Plugin = require("./infrastructure/plugin.cjs");
const delivery = { environment: { HTTP_ENDPOINT_URL: process.argv[1] } };
const service = { provider: { stage: "local" }, functions: { delivery } };
const processedInput = { commands: ["deploy"], options: {} };
const plugin = new Plugin({ serviceDir: ".", processedInput, service }, {});
plugin.prepare().then(() => console.log(delivery.environment.HTTP_ENDPOINT_URL));
"""


@pytest.mark.parametrize("exported", [True, False])
def test_a_deploy_beside_npm_start_keeps_its_test_server(project: Path, *, exported: bool) -> None:
    """HTTP deliveries go on to the server that `npm start` gave; one that is named goes before it."""

    def delivered_to(given: str) -> str:
        done = subprocess.run(
            ["node", "-e", _DELIVERED_TO, given], cwd=project, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    with refusing_endpoint() as (address, _), claim_directory(project / ".local") as claim:
        env = environment() | ({"AWS_ENDPOINT_URL": address} if exported else {})
        claim.announce(Running(address, "a-table", "http://127.0.0.1:4711"))
        assert delivered_to("") == "http://127.0.0.1:4711"
        assert delivered_to("http://127.0.0.1:4712") == "http://127.0.0.1:4712"


def test_a_deploy_elsewhere_takes_no_test_server(project: Path) -> None:
    """Another local AWS than the one that runs has another test server, or has none."""
    with refusing_endpoint() as (address, _), claim_directory(project / ".local") as claim:
        claim.announce(Running(DEAD, "a-table", "http://127.0.0.1:4711"))
        env = environment() | {"AWS_ENDPOINT_URL": address}
        done = subprocess.run(
            ["node", "-e", _DELIVERED_TO, ""], cwd=project, env=env, capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == ""


def test_npx_fetches_no_other_package_called_sls(tmp_path: Path) -> None:
    """Before the set-up `npx sls` ends with a refusal instead of fetching whatever has that name."""
    for name in (".npmrc", "package.json"):
        shutil.copy(ROOT / name, tmp_path)
    asked = ["npm", "config", "get", "yes"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "false"


def test_the_sdks_plans_do_not_push_a_message_off_the_screen() -> None:
    """What the AWS SDK says of Node versions to come stays away; every other warning stays."""
    code = (
        "const Plugin = require('./infrastructure/plugin.cjs');"
        "new Plugin({serviceDir: '.', processedInput: {commands: [], options: {}}}, {});"
        "process.emitWarning('NodeDeprecationWarning: The AWS SDK for JavaScript (v3) will no longer support it');"
        "process.emitWarning('another warning');"
    )
    env = {name: value for name, value in os.environ.items() if name != "NODE_NO_WARNINGS"}
    done = subprocess.run(["node", "-e", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert "another warning" in done.stderr
    assert "AWS SDK" not in done.stderr


CACHE_LOCATION = (
    "require('./infrastructure/requirements-cache.cjs')({resolveVariable: async () => process.argv.slice(1)})"
    ".then(({location}) => console.log(location))"
)


def test_the_cache_of_requirements_is_keyed_by_what_is_left_out_too(project: Path) -> None:
    """Another slim.yml, or another platform, is another cache; the same is the same, and serverless.yml asks for it."""

    def location(*pip: str) -> str:
        done = subprocess.run(
            ["node", "-e", CACHE_LOCATION, *pip], cwd=project, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    before = location("a")
    assert before == location("a") != location("b")
    assert before.startswith(".cache/")
    with (project / "infrastructure" / "slim.yml").open("a", encoding="utf-8") as slim:
        slim.write('- "**/*.md"\n')
    assert location("a") != before
    config = yaml.safe_load((ROOT / "serverless.yml").read_text("utf-8").replace("!", ""))["custom"]
    assert config["pythonRequirements"]["cacheLocation"] == "${file(./infrastructure/requirements-cache.cjs):location}"
