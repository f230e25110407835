"""What a task is made of, where the official client has it."""

from __future__ import annotations

from xpander_client.api.models import AgentExecutionInput
from xpander_client.worker.sample_task import LocalTaskTest

__all__ = ["AgentExecutionInput", "LocalTaskTest"]
