"""What to try while `npm start` watches: where the console is, and commands to copy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from local.samples.sample_product import EXAMPLE_ID, SampleProduct
from local.samples.sample_receivers import RECEIVERS
from local.stack.console_process import LOG
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws
from operations.deployed.local_endpoint import CREDENTIALS
from operations.settings.project import LOCAL_STAGE

INDENT = "   "


def what_to_try(
    aws: LocalAws, deployment: Deployment, product: SampleProduct, console: str | None, bold: Callable[[str], str]
) -> Iterator[str]:
    """Yield the lines; `console` is as in `Report.watching`, `bold` writes a heading."""
    if console:
        yield bold("Look at it, and make changes of your own, in a browser:")
        yield f"{INDENT}{console}"
        yield bold("Or in another terminal:")
    else:
        if console is not None:
            yield f"The console did not come up; {LOG} beside the log of the local AWS says why."
        yield bold("Now make changes of your own, in another terminal:")
    yield from changes_to_make(product)
    yield "Or use the tools that you would use on AWS:"
    if os.environ.get("AWS_PROFILE"):
        yield f"{INDENT}unset AWS_PROFILE"
    settings = {"AWS_ENDPOINT_URL": aws.endpoint_url, **CREDENTIALS}
    yield f"{INDENT}export {' '.join(f'{name}={value}' for name, value in settings.items())}"
    put = f"aws dynamodb put-item --table-name {deployment.products_table_name}"
    yield f"{INDENT}{put} --item '{product.example(EXAMPLE_ID)}'"
    yield f"{INDENT}npx sls logs -t --stage {LOCAL_STAGE}"
    yield ""
    yield "Alerts appear here as they arrive, and what receivers are sent. Edits of alerts.toml and of"
    yield f"{RECEIVERS}, which has the receivers of this machine, are deployed as you save them."
    yield "Ctrl-C ends it all."


def changes_to_make(product: SampleProduct) -> Iterator[str]:
    """Yield a command a line, each of which changes a product."""
    for arguments in product.hints(EXAMPLE_ID):
        yield f"{INDENT}npm run change -- {arguments}"
