"""One run of the service on the laptop, beside another."""

from __future__ import annotations

from local.run import session
from operations.deployed.running import Running


def test_a_second_run_says_that_stage_local_means_it_now() -> None:
    """`operations`, `sls` and `npm run change` turn to the run that started last."""
    assert session._is_up(None) == "The local AWS is up (ministack)"
    said = session._is_up(Running("http://127.0.0.1:4566", "products"))
    assert "http://127.0.0.1:4566; stage local means this one until it ends" in said
