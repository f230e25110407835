"""A thread that is shown again and again looks as if it were shown for the first time."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from xpander_client.api.models import ThreadMessage, ThreadToolCall
from xpander_client.legacy.providers import LLMProvider, messages_for
from xpander_client.legacy.rendering import Rendering

IDS = st.sampled_from(["call-1", "call-2", "call-3"])
CALLS = st.lists(
    st.builds(
        ThreadToolCall,
        name=st.sampled_from(["look", "find it"]),
        payload=st.sampled_from(["{}", '{"a": 1}', "broken"]),
        tool_call_id=IDS,
    ),
    max_size=3,
    unique_by=lambda call: call.tool_call_id,
)
MESSAGES = st.one_of(
    st.builds(ThreadMessage, role=st.sampled_from(["user", "system"]), content=st.text(max_size=5)),
    st.builds(ThreadMessage, role=st.just("assistant"), content=st.none(), tool_calls=CALLS),
    st.builds(ThreadMessage, role=st.just("tool"), content=st.text(max_size=5), tool_call_id=IDS),
)


@given(
    growth=st.lists(st.lists(MESSAGES, max_size=4), max_size=8),
    provider=st.sampled_from(LLMProvider),
)
def test_it_is_what_showing_all_of_it_anew_gives(
    growth: list[list[ThreadMessage]], provider: LLMProvider
) -> None:
    thread: list[ThreadMessage] = []
    rendering = Rendering()
    for added in growth:
        thread += added
        assert rendering.render_messages(thread, provider) == messages_for(thread, provider)


@pytest.mark.parametrize("provider", [LLMProvider.OPEN_AI, LLMProvider.ANTHROPIC])
def test_what_a_caller_does_with_it_is_not_seen_later(provider: LLMProvider) -> None:
    call = ThreadToolCall(name="look", payload="{}", tool_call_id="call-1")
    thread = [
        ThreadMessage(role="user", content="hello"),
        ThreadMessage(role="assistant", tool_calls=[call]),
        ThreadMessage(role="tool", content="there", tool_call_id="call-1"),
    ]
    rendering = Rendering()
    first = rendering.render_messages(thread, provider)
    before = repr(first)
    first[0].clear()
    first.pop()
    assert repr(rendering.render_messages(thread, provider)) == before
