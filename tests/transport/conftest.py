"""What holds for one kind of wire holds for each."""

import pytest


@pytest.fixture(params=["httpx", "direct"])
def http(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What requests go through: configurations that don't say, take it from the environment."""
    monkeypatch.setenv("XPANDER_HTTP", request.param)
    kind: str = request.param
    return kind
