"""Three agents research a topic together: `python -m scripts.agent_pipeline`.

Each function below has no body: a model writes it when it is called. Which model, the environment
says: XPANDER_LLM_PROVIDER and XPANDER_LLM_MODEL, or just a provider's key, such as OPENAI_API_KEY.
Without any, a server on loopback stands in, which speaks like OpenAI and knows just these tasks.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scripts.ending import run
from xpander_client.agents import LLM, Agent, connect_llm, connect_state, pprint_events

MODELS = {
    "OPENAI_API_KEY": ("openai", "gpt-5-mini"),
    "ANTHROPIC_API_KEY": ("anthropic", "claude-sonnet-4-5"),
    "GOOGLE_API_KEY": ("google", "gemini-2.5-flash"),
}
"""What is asked where a provider's key is set, and no model is named."""

ANSWERS = {
    "Task: Search and summarize": """
<TITLE>Sum up what is known</TITLE>
<PYTHON>
task_success({"topic": inputs.topic, "depth": inputs.depth, "sources": 3})
</PYTHON>""",
    "Task: Extract key insights": """
<TITLE>Look at each area</TITLE>
<PYTHON>
sources = inputs.research_data["sources"]
task_success({area: f"{sources} sources on {area}" for area in inputs.focus_areas})
</PYTHON>""",
    "Task: Research and analyze": """
<TITLE>Have it researched and analyzed</TITLE>
<THINKING>First the research, then the analysis of what came out.</THINKING>
<PYTHON>
found = research_topic(inputs.topic, depth="full")
print("found:", found)
task_success({"topic": found["topic"], "insights": analyze_research(found, inputs.focus_areas)})
</PYTHON>""",
}
"""What the stand-in answers, by how the task begins."""


class StandIn(BaseHTTPRequestHandler):
    """Answers chat completions with the code for the task that they are about."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a request."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = json.dumps(asked["messages"])
        # Tasks are told last; what they begin with also stands in none of the others.
        task = max(ANSWERS, key=text.rfind)
        body = json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": asked["model"],
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": ANSWERS[task]},
                        "finish_reason": "stop",
                    }
                ],
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the events say enough."""


@contextmanager
def model() -> Generator[LLM]:
    """Yield the model that the environment names, or the stand-in."""
    named = os.environ.get("XPANDER_LLM_PROVIDER")
    keys = [name for name in MODELS if os.environ.get(name)]
    if named:
        yield connect_llm(named)
    elif keys:
        yield connect_llm(*MODELS[keys[0]])
    else:
        server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        base_url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield connect_llm("openai", "stand-in", base_url=base_url, api_key="none")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def research(llm: LLM) -> dict[str, Any]:
    """Return the pipeline's result."""
    # Create agents with shared state configuration
    state_config = connect_state(type="versioned", storage="memory")

    researcher = Agent(name="researcher", state=state_config, llm=llm)
    analyst = Agent(name="analyst", state=state_config, llm=llm)
    coordinator = Agent(name="coordinator", state=state_config, llm=llm)

    # Register specialist capabilities with coordinator
    @coordinator.fn(docstring="Research a topic online")
    @researcher.task("Search and summarize information about the given topic")
    def research_topic(topic: str, depth: str = "basic") -> dict[str, Any]:
        """Research information about a topic."""
        raise NotImplementedError

    @coordinator.fn(docstring="Analyze research data")
    @analyst.task("Extract key insights and trends from research data")
    def analyze_research(research_data: dict[str, Any], focus_areas: list[str]) -> dict[str, Any]:
        """Analyze research findings."""
        raise NotImplementedError

    # Main coordination task
    @coordinator.task("Research and analyze a topic comprehensively")
    def full_research_pipeline(topic: str, focus_areas: list[str]) -> dict[str, Any]:
        """Complete research and analysis pipeline."""
        raise NotImplementedError

    # Execute - state is managed by the agents
    return full_research_pipeline(
        topic="renewable energy trends",
        focus_areas=["cost", "adoption", "technology"],
        on_event=pprint_events,
    )


def main() -> None:
    """Run the pipeline, and print its events and its result."""
    with model() as llm:
        print(json.dumps(research(llm), indent=2))


if __name__ == "__main__":
    run(main)
