"""A plugin's sandbox methods as functions that an agent's code may call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from xpander_client.agents.run.call import current_call
from xpander_client.agents.sandbox.capabilities import is_async
from xpander_client.background.plugin import Plugin
from xpander_client.background.sandbox_methods import AgentCtx, SandboxMethod
from xpander_client.core.signatures import read_signature


def make_function(plugin: Plugin, method: SandboxMethod, name: str) -> Callable[..., Any]:
    """Return the method under a `name` for code, without its first parameter.

    That is whose call it is, with the session as thread.

    Raises (when called):
        RuntimeError: the plugin is disabled, or not prepared, and the method is no async one.
    """
    function = method.function

    def context() -> AgentCtx:
        if not plugin.is_enabled:
            raise RuntimeError(f"plugin {plugin.module_name!r} is disabled")
        call = current_call.get()
        return AgentCtx(chat_key="default" if call is None else call.session_name)

    if is_async(function):

        async def arun(*args: Any, **kwargs: Any) -> Any:
            await plugin.callbacks.open()
            return await function(context(), *args, **kwargs)

        wrapper: Callable[..., Any] = arun
    else:

        def run(*args: Any, **kwargs: Any) -> Any:
            if plugin.callbacks.is_due:
                raise RuntimeError(
                    f"plugin {plugin.module_name!r} is not prepared, which takes an event loop: "
                    "await plugin.enable() first"
                )
            return function(context(), *args, **kwargs)

        wrapper = run
    functools.update_wrapper(wrapper, function)
    wrapper.__name__ = name
    signature = read_signature(function)
    signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    return wrapper
