"""What is made of a tool server's answer, and how much of it is worked on at once."""

import gzip
import json
import random
import zlib
from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st

from xpander_client.platform.agents import tool_answer
from xpander_client.platform.agents.tool_answer import (
    DEEPEST,
    TooLarge,
    Unreadable,
    as_json,
    unpack,
)

TEXTS = st.text() | st.sampled_from(['a,b]}"', "\\", '"\\"', "[,"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=40,
)


def is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


@given(value=JSON, indent=st.sampled_from([None, 1]), seed=st.integers(0, 2**32))
def test_slices_tell_json_from_what_is_none(value: Any, indent: int | None, seed: int) -> None:
    text = json.dumps(value, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tool_answer, "SLICE", 20)
        assert as_json("application/json", text) == text
        tell_broken(text, seed)


def tell_broken(text: bytes, seed: int) -> None:
    chance = random.Random(seed)
    place, broken = chance.randrange(len(text)), bytearray(text)
    broken[place : place + chance.randrange(2)] = chance.choice(
        [b"", b",", b"]", b"}", b"{", b"[", b'"', b"\\", b":", b"1"]
    )
    if broken:
        made = as_json("application/json", bytes(broken))
        assert (made == bytes(broken)) == is_json(bytes(broken))
        assert is_json(made)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":' + orjson.dumps([{"id": n, "name": f"x{n}"} for n in range(60_000)]) + b"}",
        b"[" + b",".join([b"[]"] * 300_000) + b"]",
        b"[" + b" " * 600_000 + b",".join([b"0"] * 300_000) + b"]",
    ],
)
def test_a_large_answer_is_parsed_a_little_at_a_time(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, parse = [], orjson.loads

    def loads(text: bytes) -> Any:
        parsed.append(len(text))
        return parse(text)

    monkeypatch.setattr(orjson, "loads", loads)
    assert as_json("", body) == body
    assert max(parsed) < tool_answer.LONGEST_VALUE + 2 * tool_answer.SLICE
    assert sum(parsed) < 1.1 * len(body)


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_json_is_nested_so_deep_and_no_deeper(begin: str, end: str) -> None:
    most = DEEPEST // (begin.count("[") + begin.count("{"))

    def nested(depth: int) -> bytes:
        return (begin * depth + "1" + end * depth).encode()

    assert as_json("", nested(most)) == nested(most)
    more = b"," + b"1," * tool_answer.SLICE + b"1]"
    assert as_json("", b"[" + nested(most - 1) + more) == b"[" + nested(most - 1) + more
    for deep in (nested(most + 1), nested(10_000), b"[" + nested(2 * most) + more):
        with pytest.raises(Unreadable, match="nested deeper than 200 levels"):
            as_json("", deep)


@pytest.mark.parametrize("body", [b"", b"x", b"x" * 300_000, random.Random(1).randbytes(300_000)])
def test_what_was_packed_once_is_unpacked_up_to_the_limit(body: bytes) -> None:
    for encoding, packed in (
        ("", body),
        ("gzip", gzip.compress(body)),
        ("deflate", zlib.compress(body)),
        ("Deflate", zlib.compress(body, wbits=-15)),
    ):
        assert unpack(packed, encoding, len(body)) == body
        if encoding and body:
            with pytest.raises(TooLarge):
                unpack(packed, encoding, len(body) - 1)
            with pytest.raises(Unreadable):
                unpack(packed[: len(packed) // 2], encoding, len(body))


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip, identity"])
def test_what_was_packed_in_another_way_is_left_as_it_is(encoding: str) -> None:
    with pytest.raises(Unreadable, match="which it was not asked for"):
        unpack(gzip.compress(b"x"), encoding, 100)
