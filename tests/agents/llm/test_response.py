"""Reading a model's answer, whole and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from xpander_client.agents.llm.response import LLMResponse, ResponseReader
from xpander_client.agents.types.errors import ResponseParseError
from xpander_client.agents.types.tokens import TokenChunk


def read(text: str, finish: str | None = "stop") -> LLMResponse:
    reader = ResponseReader()
    reader.feed(text)
    return reader.response(finish)


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
        ("", "is empty"),
        ("x = 1", "no <PYTHON>"),
        ("<TITLE>t</TITLE>", "no <PYTHON>"),
        ("<THINKING>hm <PYTHON>x</PYTHON>? No.", "</THINKING> is missing"),
        ("<THINKING>Then <PYTHON> comes", "</THINKING> is missing"),
        ("<THINKING>```\nx\n``` is wrong", "</THINKING> is missing"),
        ("```\nx\n```\nor\n```\ny\n```", "no <PYTHON>.*2 blocks of code"),
        ('```json\n{"x": 1}\n```', "no <PYTHON>"),
        ("<PYTHON>x</PYTHON> Hm.</think> ", "nothing behind its thoughts"),
    ],
)
def test_an_answer_without_code_is_an_error_that_says_what_is_missing_and_shows_it(
    text: str, complaint: str
) -> None:
    with pytest.raises(ResponseParseError, match=complaint) as caught:
        read(text)
    assert caught.value.answer == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\nx\n```", "x"),
        ("Thought: go\nCode:\n```py\nx\n```<end_code>", "x"),
        ("Here: ```Python3\n    x\n\n    y\n```\nThat is all.", "    x\n\n    y"),
        ("<TITLE>t</TITLE><THINKING>```\na\n```</THINKING>\n```\nx\n```", "x"),
        ("```\nx = 1 # ```python\ny\n```", "x = 1 # ```python\ny"),
        ("```json\n{}\n```\n```tool_code\nx\n```", "x"),
        ("```python\nx", "x"),
        ("~ a ~ `b` ```c``` ```\nx\n```", "x"),
    ],
)
def test_without_sections_the_one_fenced_block_of_python_is_the_code(text: str, code: str) -> None:
    assert read(text).code == code


def test_the_prose_before_a_fenced_block_is_the_thinking_where_there_is_no_other() -> None:
    block = "```\nx\n```"
    assert read(f"I add.\n{block}").thinking == "I add."
    assert read(f"<THINKING>I see.</THINKING> I add.\n{block}").thinking == "I see."


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("<PYTHON>\nx", LLMResponse(code="x")),
        ("<PYTHON>\nx\n</PYTHON", LLMResponse(code="x")),
        ("<PYTHON>\nx\n</", LLMResponse(code="x")),
        ("<PYTHON>```python\nx\n```\nThis is it.", LLMResponse(code="x")),
        ("<THINKING>hm\n<PYTHON>\nx\n</PYTHON>\n", LLMResponse("", "hm", "x")),
        ("<THINKING>hm\n<PYTHON>\nx", LLMResponse("", "hm", "x")),
        ("<THINKING>hm\n```python\nx\n```\n", LLMResponse("", "hm", "x")),
        ("<TITLE>t\n<THINKING>hm\n<PYTHON>x</PYTHON>", LLMResponse("t", "hm", "x")),
    ],
)
def test_a_closing_tag_that_is_missing_at_the_end_of_a_whole_answer_is_put_there(
    text: str, response: LLMResponse
) -> None:
    assert read(text) == response
    with pytest.raises(ResponseParseError):
        read(text, None)


@pytest.mark.parametrize("text", ["<PYTHON>x", "```\nx\n```", "<TITLE>t</TITLE>", ""])
def test_an_answer_that_was_cut_off_is_not_mended_and_told_for_what_it_is(text: str) -> None:
    with pytest.raises(ResponseParseError, match="cut off at the limit of its length"):
        read(text, "length")
    assert read("<PYTHON>x</PYTHON> And", "length").code == "x"


@pytest.mark.parametrize("end", ["</think>", "</THINKING>", "</Thought>", "[/THINK]"])
def test_code_before_the_end_of_thoughts_is_a_draft_that_is_not_taken(end: str) -> None:
    draft, real = '<PYTHON>task_fail("draft")</PYTHON>', "<PYTHON>x</PYTHON>"
    thoughts = f"{draft}? No."
    assert read(f"{thoughts}{end}\n{real}") == LLMResponse("", thoughts, "x")
    assert read(f"First <PYTHON>, then{end}```\nx\n```").code == "x"
    assert read(f"{thoughts}{end}<THINKING>So.</THINKING>{real}").thinking == "So."


def test_thoughts_that_have_a_beginning_are_only_what_is_between() -> None:
    assert read("<think><PYTHON>a</PYTHON></think><PYTHON>x</PYTHON>").code == "x"
    assert read("<PYTHON>x</PYTHON><think><PYTHON>a</PYTHON></think>").code == "x"


@pytest.mark.parametrize("end", ["</think>", "</thinking>", "[/THINK]"])
def test_an_end_of_thoughts_in_a_text_of_the_code_is_that_text(end: str) -> None:
    code = f"x = y.split({end!r})[1]"
    assert read(f"<PYTHON>{code}</PYTHON>").code == code
    assert read(f"```\n{code}\n```").code == code


PARTS = ["<TITLE>", "</TITLE>", "<THINKING>", "</THINKING>", "<PYTHON>", "</PYTHON>", "```"]
PARTS += ["</think>"]
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
    chunks += reader.rest(whole)
    assert all(bool(chunk.content) is not chunk.done for chunk in chunks)
    if "</THINKING>" in text or "</think>" in text or "python" not in reader._closed:
        # What turned out to be thoughts, or their end, can't be taken back.
        assert not whole.code or TokenChunk("python", "", True) in chunks
        return
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
