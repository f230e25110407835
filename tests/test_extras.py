"""What users read who lack an extra: the same at each door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOORS = """
import asyncio, sys
for package in ("agno", "asyncpg", "pydantic", "pydantic_monty", "uvicorn"):
    sys.modules[package] = None
for framework in ("agents", "google.adk", "langchain", "strands"):
    sys.modules[framework] = None

import xpander_client
from xpander_client import Backend, Configuration
from xpander_client.agents import Agent, scripted
from xpander_client.agents.contract.contract import read_contract
from xpander_client.errors import ConfigurationError
from xpander_client.platform import LocalPlatform
from xpander_client.platform.stores.addresses import store_at
from xpander_client.worker.http.server import InvokeServer

def double(x: int) -> int:
    "Double a number."

def make(framework):
    there = xpander_client.Agent(id="a", name="Sales", organization_id="local")
    there.configuration = Configuration(api_key="k")
    return lambda: Backend().get_args(agent=there, framework=framework)

for door in (
    LocalPlatform().__enter__,
    lambda: store_at("postgresql://127.0.0.1:1/x"),
    lambda: Agent(llm=scripted([])),
    lambda: read_contract(double, agent_name="calculator"),
    lambda: asyncio.run(InvokeServer.start(InvokeServer.__new__(InvokeServer))),
    make("agno"),
    make("open-ai-agents"),
    make("langchain"),
    make("google-adk"),
    make("strands-agents"),
):
    try:
        door()
    except ConfigurationError as error:
        print(error)
"""


def test_what_is_missing_is_named_with_its_extra_at_each_door() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DOORS],
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = '{} needs {}, which is not installed: pip install "xpander-client[{}]"'.format
    assert done.stdout.splitlines() == [
        told("the platform", "uvicorn", "platform"),
        told("a store on PostgreSQL", "asyncpg", "postgres"),
        told("code of an agent", "pydantic_monty", "agents"),
        told("the task 'double'", "pydantic", "agents"),
        told("POST /invoke", "uvicorn", "worker"),
        told("an agno agent", "agno", "agno"),
        told("an agent of the OpenAI Agents SDK", "openai-agents", "openai-agents"),
        told("an agent of LangChain", "langchain", "langchain"),
        told("an agent of Google's ADK", "google-adk", "google-adk"),
        told("an agent of Strands", "strands-agents", "strands"),
    ]
