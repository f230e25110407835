"""Our agents with a scripted model."""

from __future__ import annotations

from typing import Any, Literal

from agent_calls import Measurements, new_folder
from xpander_client.agents import Agent, connect_state, scripted


def agent(code: str, storage: Literal["memory", "disk"] | None = None) -> Agent:
    """Make an agent whose model always answers with this code."""
    where: dict[str, Any] = {"path": new_folder()} if storage == "disk" else {}
    state = connect_state(type="versioned", storage=storage, **where) if storage else None
    return Agent(llm=scripted([code] * 10_000), state=state)


if __name__ == "__main__":
    Measurements(
        agent,
        count="try:\n    n = n + 1\nexcept NameError:\n    n = 1\ntask_success(n)",
        keep="x = inputs.x\ntask_success(x)",
    ).serve()
