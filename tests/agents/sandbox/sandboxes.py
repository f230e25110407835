"""Sandboxes for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.results import Block, Limits
from xpander_client.agents.sandbox.session import Sandbox, SandboxSession
from xpander_client.agents.state.codec import decode


def opened(*functions: Callable[..., Any], **named: Callable[..., Any]) -> Capabilities:
    """Capabilities with these functions."""
    capabilities = Capabilities()
    for function in functions:
        capabilities.add_function(function)
    for name, function in named.items():
        capabilities.add_function(function, name=name)
    return capabilities


def session(
    capabilities: Capabilities | None = None,
    variables: Mapping[str, bytes] | None = None,
    *,
    limits: Limits | None = None,
    **inputs: Any,
) -> SandboxSession:
    """A session with these inputs."""
    return Sandbox().session(capabilities or Capabilities(), limits, variables, inputs)


def ran(
    code: str,
    capabilities: Capabilities | None = None,
    *,
    limits: Limits | None = None,
    **inputs: Any,
) -> Block:
    """What one block in a session of its own comes to."""
    with session(capabilities, limits=limits, **inputs) as one:
        return one.run(code)


def succeeded(code: str, capabilities: Capabilities | None = None, **inputs: Any) -> Any:
    """What a block gives to `task_success`."""
    block = ran(code, capabilities, **inputs)
    assert block.error is None, block.error
    assert block.control is not None
    return getattr(block.control, "value")  # noqa: B009  # any other control is a failed test


def changes(one: SandboxSession) -> dict[str, Any]:
    """The changed variables, decoded."""
    return {
        name: None if data is None else decode(data) for name, data in one.collect_changes().items()
    }


class Calls:
    """Sessions one after the other, each with the variables that those before it left."""

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        self.capabilities = capabilities
        self.variables: dict[str, bytes] = {}

    def run(self, *blocks: str, **inputs: Any) -> Block:
        with session(self.capabilities, self.variables, **inputs) as one:
            block = Block()
            for code in blocks:
                block = one.run(code)
                for name, data in one.collect_changes().items():
                    if data is None:
                        self.variables.pop(name, None)
                    else:
                        self.variables[name] = data
        return block
