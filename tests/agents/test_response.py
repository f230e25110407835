"""Reading a model's answer, whole and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from xpander_client.agents.errors import ResponseParseError
from xpander_client.agents.response import LLMResponse, ResponseReader
from xpander_client.agents.tokens import TokenChunk


def read(text: str) -> LLMResponse:
    reader = ResponseReader()
    reader.feed(text)
    return reader.response()


WHOLE = """Sure!
<TITLE> Compute </TITLE>
<THINKING>
a < b, so
I add.
</THINKING>
<PYTHON>
x = 1 < 2
print("</b>")
</PYTHON> Bye."""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<PYTHON>x</PYTHON>", "x"),
        ("<python>\nx\n</Python>", "x"),
        ("<PYTHON>\n\n    x = 1\n    y = 2\n\n</PYTHON>", "    x = 1\n    y = 2"),
        ("<PYTHON>```python\nx\n```</PYTHON>", "x"),
        ("<PYTHON>\n```\nx\n```\n</PYTHON>", "x"),
        ("<PYTHON>\n  ```py\nx\n  ```  \n</PYTHON>", "x"),
        ("<PYTHON>x = '```'\ny</PYTHON>", "x = '```'\ny"),
        ("<PYTHON>```python\nx = '''\n```\n'''\n```</PYTHON>", "x = '''\n```\n'''"),
        ("<PYTHON>```python\nx</PYTHON>", "x"),
        ("<PYTHON></PYTHON>", ""),
        ("<PYTHON>\n \n</PYTHON>", ""),
        ("<PYTHON>a</PYTHON><PYTHON>b</PYTHON>", "a"),
        ("<PYTHON>if a<b: c</PYTHON>", "if a<b: c"),
        ("<PYTHON>a<</PYTHON>", "a<"),
        ("<THINKING>I'll write <PYTHON> code</THINKING><PYTHON>x</PYTHON>", "x"),
        ("<TITLE>t</TITLE> <PYTH <PYTHON>x</PYTHON>", "x"),
    ],
)
def test_the_code_is_what_stands_between_the_tags(text: str, code: str) -> None:
    assert read(text).code == code


def test_all_sections_are_read_without_the_blanks_round_them() -> None:
    assert read(WHOLE) == LLMResponse("Compute", "a < b, so\nI add.", 'x = 1 < 2\nprint("</b>")')


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no <PYTHON>"),
        ("x = 1", "no <PYTHON>"),
        ("<TITLE>t</TITLE>", "no <PYTHON>"),
        ("<PYTHON>x = 1", "</PYTHON> is missing"),
        ("<THINKING>hm <PYTHON>x</PYTHON>", "</THINKING> is missing"),
    ],
)
def test_an_answer_without_code_is_an_error_that_says_what_is_missing(
    text: str, complaint: str
) -> None:
    with pytest.raises(ResponseParseError, match=complaint):
        read(text)


PARTS = ["<TITLE>", "</TITLE>", "<THINKING>", "</THINKING>", "<PYTHON>", "</PYTHON>", "```"]
texts = st.lists(
    st.sampled_from([*PARTS, "```python\n", "\n", " ", "`", "<", "/", "x = 1", "a", "</", "<PY"])
).map("".join)


@given(texts, st.lists(st.integers(1, 12)))
def test_the_size_of_the_pieces_makes_no_difference(text: str, sizes: list[int]) -> None:
    check_in_pieces(text, sizes)


@given(texts, st.lists(st.integers(1, 12)))
def test_nor_inside_of_code(text: str, sizes: list[int]) -> None:
    check_in_pieces(f"<PYTHON>{text}</PYTHON>", sizes)


@pytest.mark.parametrize("size", range(1, 20))
def test_nor_for_a_usual_answer(size: int) -> None:
    check_in_pieces(WHOLE, [size] * 500)


def check_in_pieces(text: str, sizes: list[int]) -> None:
    reader = ResponseReader()
    chunks: list[TokenChunk] = []
    rest = text
    for size in sizes:
        chunks += reader.feed(rest[:size])
        rest = rest[size:]
    chunks += reader.feed(rest)
    try:
        whole = read(text)
    except ResponseParseError as error:
        with pytest.raises(ResponseParseError, match=f"^{error}$"):
            reader.response()
        return
    assert reader.response() == whole
    assert all(bool(chunk.content) is not chunk.done for chunk in chunks)
    for section, content in (
        ("title", whole.title),
        ("thinking", whole.thinking),
        ("python", whole.code),
    ):
        mine = [chunk for chunk in chunks if chunk.type == section]
        assert "".join(chunk.content for chunk in mine) == content
        assert [chunk.done for chunk in mine].count(True) <= 1
        assert not mine or mine[-1].done


def test_pieces_are_given_out_as_soon_as_they_are_certain() -> None:
    reader = ResponseReader()
    assert reader.feed("<THINKING>I ") == [TokenChunk("thinking", "I")]
    assert reader.feed("see") == [TokenChunk("thinking", " see")]
    assert reader.feed(".</THINK") == [TokenChunk("thinking", ".")]
    assert reader.feed("ING><PYTHON>") == [TokenChunk("thinking", "", True)]


def test_an_answer_can_be_cut_into_the_pieces_of_a_stream() -> None:
    assert LLMResponse(thinking="t", code="c").chunks() == [
        TokenChunk("thinking", "t"),
        TokenChunk("thinking", "", True),
        TokenChunk("python", "c"),
        TokenChunk("python", "", True),
    ]
