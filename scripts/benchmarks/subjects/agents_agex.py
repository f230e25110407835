"""agex 0.12.4 with a scripted model, run by a Python that has it.

Its tokenizer is fetched from the network at the first call; here four characters are a token.
"""

from __future__ import annotations

import importlib
from typing import Any

from agent_calls import Measurements, new_folder

agex = importlib.import_module("agex")
llm = importlib.import_module("agex.llm")
core = importlib.import_module("agex.llm.core")
tokenizers = importlib.import_module("agex.tokenizers")
tiktoken = importlib.import_module("agex.tokenizers.tiktoken")


class _Tokenizer:
    def __init__(self, name: str) -> None:
        self.name = name

    def encode(self, text: str) -> list[int]:
        return [0] * (len(text) // 4 + 1)

    def decode(self, tokens: list[int]) -> str:
        return "wxyz" * len(tokens)


for module in (tokenizers, tiktoken):
    setattr(module, "TiktokenTokenizer", _Tokenizer)  # noqa: B010  # a module has no such field


def agent(code: str, storage: str | None = None) -> Any:
    """Make an agent whose model always answers with this code."""
    where: dict[str, Any] = {"path": new_folder()} if storage == "disk" else {}
    state = agex.connect_state(type="versioned", storage=storage, **where) if storage else None
    answer = llm.LLMResponse(emissions=[core.PythonEmission(code=code)])
    return agex.Agent(llm=llm.Dummy(responses=[answer]), state=state)


if __name__ == "__main__":
    Measurements(
        agent,
        count="cache['n'] = cache.get('n', 0) + 1\ntask_success(cache['n'])",
        keep="cache['x'] = inputs.x\ntask_success(cache['x'])",
    ).serve()
