"""What each provider accepts, by the types and rules of its own package."""

from __future__ import annotations

import itertools
import json
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import botocore.session
import jsonschema_rs
from anthropic.types import MessageParam, ToolParam
from botocore.validate import ParamValidator
from google.genai.types import Schema, Type
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.realtime import ConversationItemParam, RealtimeFunctionToolParam
from pydantic import TypeAdapter

from xpander_client.legacy.providers import LLMProvider

GEMINI_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,63}"
CHAT_NAME = rf"[A-Za-z0-9_-]{{1,64}}|{GEMINI_NAME}"


@cache
def types_of(what: Any) -> TypeAdapter[Any]:
    return TypeAdapter(what)


def checked(what: Any, values: Iterable[Any]) -> None:
    for value in values:
        # Iterables are checked as they are read, so the value is read again as JSON.
        made = types_of(what).validate_python(value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            types_of(what).dump_json(made)


def chat(tools: list[Any], messages: list[Any], system: Any) -> None:
    checked(ChatCompletionToolParam, tools)
    checked(ChatCompletionMessageParam, messages)
    waiting: list[str] = []
    for message in messages:
        assert message["content"] is not None or message["tool_calls"]
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
            continue
        assert not waiting, "a call has to be answered before anything else is said"
        for call in message.get("tool_calls", ()):
            assert re.fullmatch(CHAT_NAME, call["function"]["name"])
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            assert call["id"]
            waiting.append(call["id"])
    assert not waiting
    for tool in tools:
        assert re.fullmatch(CHAT_NAME, tool["function"]["name"])
        openai_schema(tool["function"].get("parameters", {"type": "object"}))


def openai(tools: list[Any], messages: list[Any], system: Any) -> None:
    chat(tools, messages, system)
    ids = [call["id"] for message in messages for call in message.get("tool_calls", ())]
    assert all(len(one) <= 40 for one in ids)


def anthropic(tools: list[Any], messages: list[Any], system: Any) -> None:
    checked(ToolParam, tools)
    for tool in tools:
        openai_schema(tool["input_schema"])
        for name in tool["input_schema"]["properties"]:
            assert re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name)
    checked(MessageParam, messages)
    assert isinstance(system, str)
    alternate([message["role"] for message in messages], "assistant")
    ids: list[str] = []
    for asked, answered in itertools.pairwise([{"content": []}, *messages]):
        called = [b["id"] for b in asked["content"] if b["type"] == "tool_use"]
        results = [b["tool_use_id"] for b in answered["content"] if b["type"] == "tool_result"]
        assert called == results
        assert [b["type"] for b in answered["content"]][: len(results)] == ["tool_result"] * len(
            results
        )
        ids += called
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", one) for one in ids)
    for block in itertools.chain.from_iterable(m["content"] for m in messages):
        assert block["type"] != "text" or block["text"].strip()
        assert block["type"] != "tool_use" or re.fullmatch(CHAT_NAME, block["name"])


@cache
def converse() -> Any:
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    return service.operation_model("Converse").input_shape


@cache
def converse_patterns() -> tuple[Any, Any]:
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    return tuple(service.shape_for(n).metadata["pattern"] for n in ("ToolName", "ToolUseId"))


def bedrock(tools: list[Any], messages: list[Any], system: Any) -> None:
    request = {"modelId": "m", "messages": messages, "system": system}
    for tool in tools:
        openai_schema(tool["toolSpec"]["inputSchema"]["json"])
    if tools:
        request["toolConfig"] = {"tools": tools}
    report = ParamValidator().validate(request, converse())
    assert not report.has_errors(), report.generate_report()
    name, identity = converse_patterns()
    alternate([message["role"] for message in messages], "assistant")
    ids: list[str] = []
    for asked, answered in itertools.pairwise([{"content": []}, *messages]):
        called = [b["toolUse"]["toolUseId"] for b in asked["content"] if "toolUse" in b]
        assert called == [
            b["toolResult"]["toolUseId"] for b in answered["content"] if "toolResult" in b
        ]
        ids += called
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(identity, one) and len(one) <= 64 for one in ids)
    for block in itertools.chain.from_iterable(m["content"] for m in messages):
        assert "text" not in block or block["text"].strip()
        assert "toolUse" not in block or re.fullmatch(name, block["toolUse"]["name"])
        for part in block.get("toolResult", {}).get("content", ()):
            assert part["text"].strip()


def gemini(tools: list[Any], messages: list[Any], system: Any) -> None:
    assert [set(content) for content in messages] == [{"role", "parts"}] * len(messages)
    assert all(content["parts"] for content in messages)
    alternate([content["role"] for content in messages], "model")
    for asked, answered in itertools.pairwise([{"parts": []}, *messages]):
        called = [p["functionCall"]["name"] for p in asked["parts"] if "functionCall" in p]
        responses = [p["functionResponse"] for p in answered["parts"] if "functionResponse" in p]
        assert called == [response["name"] for response in responses]
        assert all(re.fullmatch(GEMINI_NAME, one) for one in called)
        assert all(isinstance(response["response"], dict) for response in responses)
    assert set(system) == {"parts"}
    for tool in tools:
        for declaration in tool["function_declarations"]:
            assert re.fullmatch(GEMINI_NAME, declaration["name"])
            assert declaration["description"]
            if "parameters" in declaration:
                assert declaration["parameters"]["properties"]
                gemini_schema(declaration["parameters"])


def realtime(tools: list[Any], messages: list[Any], system: Any) -> None:
    checked(RealtimeFunctionToolParam, tools)
    for tool in tools:
        openai_schema(tool["parameters"])
    checked(ConversationItemParam, messages)
    called = [item["call_id"] for item in messages if item["type"] == "function_call"]
    answered = [item["call_id"] for item in messages if item["type"] == "function_call_output"]
    assert called == answered
    assert all(len(one) <= 32 for one in called)


def ollama(tools: list[Any], messages: list[Any], system: Any) -> None:
    waiting: list[str] = []
    for message in messages:
        assert isinstance(message["content"], str)
        if message["role"] == "tool":
            assert message["tool_name"] == waiting.pop(0)
            continue
        assert not waiting
        for call in message.get("tool_calls", ()):
            assert isinstance(call["function"]["arguments"], dict)
            waiting.append(call["function"]["name"])


def alternate(roles: list[str], assistant: str) -> None:
    assert roles[0] == roles[-1] == "user"
    assert all(one != next_ for one, next_ in itertools.pairwise(roles))
    assert set(roles) <= {"user", assistant}


def gemini_schema(schema: dict[str, Any]) -> None:
    """What Gemini's and Vertex's answers of 400 say about schemas."""
    types_of(Schema).validate_python(schema)
    if "anyOf" in schema:
        assert set(schema) == {"anyOf"}, "alternatives stand alone"
        assert all("anyOf" not in option for option in schema["anyOf"])
    else:
        assert schema["type"] in Type.__members__
    assert schema.get("type") != "ARRAY" or schema["items"]
    assert schema.get("type") == "STRING" or "enum" not in schema
    assert all(schema.get("enum", ["a"])), "no empty text is allowed in an enum"
    assert schema.get("properties", {"": {}}), "objects that list nothing are refused"
    assert set(schema.get("required", ())) <= set(schema.get("properties", ()))
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for part in [*inner, schema["items"]] if "items" in schema else inner:
        gemini_schema(part)


def openai_schema(schema: dict[str, Any]) -> None:
    """What OpenAI's and Anthropic's answers of 400 say about schemas, and JSON Schema itself."""
    jsonschema_rs.Draft202012Validator(schema)  # raises for one that is none
    assert schema["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf", "enum", "not"}.intersection(schema)
    for part in _parts(schema):
        assert "array" not in part.get("type", ()) or "items" in part
        assert not re.search(r"\(\?<?[=!]", part.get("pattern", ""))
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in schema["$defs"]


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for key in ("items", "additionalProperties"):
            yield from _parts(schema.get(key))
        for key in ("properties", "$defs"):
            for part in schema.get(key, {}).values():
                yield from _parts(part)
        for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            for part in schema.get(key, ()):
                yield from _parts(part)


ACCEPTED: dict[LLMProvider, Callable[[list[Any], list[Any], Any], None]] = {
    LLMProvider.OPEN_AI: openai,
    LLMProvider.GEMINI_OPEN_AI: chat,
    LLMProvider.FRIENDLI_AI: chat,
    LLMProvider.NVIDIA_NIM: chat,
    LLMProvider.LANG_CHAIN: chat,
    LLMProvider.ANTHROPIC: anthropic,
    LLMProvider.AMAZON_BEDROCK: bedrock,
    LLMProvider.GEMINI: gemini,
    LLMProvider.REAL_TIME_OPEN_AI: realtime,
    LLMProvider.OLLAMA: ollama,
}
