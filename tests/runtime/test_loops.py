"""How a process of ours runs its loop, and that others are left as they are."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from xpander_client.runtime.loops import rare_collections


@pytest.mark.parametrize("first", [700, 50_000, 0])
def test_the_collector_is_seldom_asked_for_as_long_as_it_goes_on(first: int) -> None:
    before = gc.get_threshold()
    gc.set_threshold(first, *before[1:])
    try:
        with rare_collections():
            assert gc.get_freeze_count() > 0
            assert gc.get_threshold()[0] == (max(first, 20_000) if first else 0)
        assert gc.get_threshold() == (first, *before[1:])
        assert gc.get_freeze_count() == 0
    finally:
        gc.set_threshold(*before)


def test_a_platform_in_somebody_elses_process_changes_nothing_of_it() -> None:
    code = """
import gc
before = gc.get_threshold(), gc.get_freeze_count()
from xpander_client import Worker
from xpander_client.platform import LocalPlatform
with LocalPlatform() as platform:
    print((gc.get_threshold(), gc.get_freeze_count()) == before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "True"
