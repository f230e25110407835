"""A task's files as frameworks take them: which are loaded, and what becomes of them."""

from __future__ import annotations

import datetime
import logging
import sys
from typing import Any

import pytest

from tests.raw_server import Connection, RawServer
from tests.worlds import World
from xpander_client import AgentExecutionInput, AttachmentRef, Configuration, Task
from xpander_client.api import AttachmentKind
from xpander_client.core.prompts.attachments import AttachedFile, find_kind
from xpander_client.core.prompts.data_files import DataFile
from xpander_client.core.prompts.download import LISTED

PDF = b"%PDF-1.7 ..."
PNG = b"\x89PNG\r\n\x1a\n..."
FILES = {
    "a.pdf": PDF,
    "b.PDF": b"<html>expired</html>",
    "c.png": PNG,
    "d.jpg": b"\xff\xd8\xff...",
    "e.webp": b"RIFF....WEBP...",
    "f.gif": b"<html>expired</html>",
    "g.csv": "région,120".encode(),
    "h.txt": b"x" * 10_000,
    "i.docx": b"PK",
    "j.zip": b"PK",
    "extra": PNG,
}


def answer(connection: Connection) -> None:
    name = connection.line.split()[1].strip("/").partition("?")[0]
    if name not in FILES:
        connection.answer(b"", 404, "connection: close")
    connection.answer(FILES[name], 200, "connection: close", "content-type: x/y; charset=UTF-8")


def make_task(files: list[str], attachments: Any = None, **fields: Any) -> Task:
    task = Task(
        id="task-1",
        agent_id="agent-sales",
        organization_id="acme",
        input=AgentExecutionInput(text="Sum up", files=files, attachments=attachments),
        created_at=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        **fields,
    )
    task.configuration = Configuration("key", "https://platform.test", "acme")
    return task


@pytest.fixture(params=["agno", "without agno"])
def with_agno(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setenv(LISTED, "127.0.0.1")
    if request.param == "without agno":
        monkeypatch.setitem(sys.modules, "agno", None)
    return bool(request.param == "agno")


def test_each_kind_is_loaded_as_its_framework_takes_it(
    world: World, with_agno: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(*[answer] * 9) as server:
        extra = AttachmentRef(url=f"{server.url}/extra?key=secret", kind=AttachmentKind.image)
        task = make_task([f"{server.url}/{name}" for name in FILES if name != "extra"], [extra])
        with caplog.at_level(logging.WARNING, "xpander_client"):
            files, images = world.run(task, "get_files"), world.run(task, "get_images")
        texts = world.run(task, "get_human_readable_files")
        url = server.url
    assert [(each.content, each.mime_type, each.format) for each in files] == [
        (PDF, "application/pdf", "pdf")
    ]
    assert files[0].filename == "a.pdf"
    kinds = [(each.mime_type, each.format) for each in images]
    assert kinds == [(f"image/{kind}", kind) for kind in ("png", "jpeg", "webp", "png")]
    if with_agno:
        from agno.media import File, Image

        assert isinstance(files[0], File)
        assert isinstance(images[0], Image)
        assert files[0].name == "a.pdf"
    else:
        assert isinstance(files[0], AttachedFile)
        assert images[-1].url == f"{url}/extra?key=secret"
    assert caplog.messages == [
        f"the file {url}/b.PDF is left out: it is no PDF, whatever its address says",
        f"the file {url}/f.gif is left out: it is no PNG, JPEG, GIF or WebP, whatever its "
        "address says",
    ]
    assert texts == [
        {"url": f"{url}/g.csv", "content": "région,120"},
        {"url": f"{url}/h.txt", "content": "x" * 8000 + "\n(cut: 10000 characters in all)"},
        {"url": f"{url}/i.docx", "content": "(nothing could be read of this document)"},
    ]


def test_a_file_of_a_private_host_is_left_out_and_named_without_its_key(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer() as server:
        task = make_task([f"{server.url}/a.pdf?key=secret", f"{server.url}/g.csv"])
        assert world.run(task, "get_files") == []
        [text] = world.run(task, "get_human_readable_files")
        assert server.connections == []
    assert text["content"] == "(nothing could be read of this file)"
    assert LISTED in caplog.text
    assert "secret" not in caplog.text


def test_nothing_is_loaded_that_is_not_to_be_in_the_context_or_is_known(world: World) -> None:
    known = AttachmentRef(url="https://x.test/i.docx", transcript="what it says")
    task = make_task(["https://x.test/a.pdf", "https://x.test/g.csv"], [known])
    task.disable_attachment_injection = True
    assert world.run(task, "get_files") == world.run(task, "get_images") == []
    assert world.run(task, "get_human_readable_files") == [
        {"url": "https://x.test/g.csv"},
        {"url": "https://x.test/i.docx"},
    ]
    read = make_task([], [known])
    assert world.run(read, "get_human_readable_files") == [
        {"url": "https://x.test/i.docx", "content": "what it says"}
    ]
    assert world.run(make_task([]), "get_human_readable_files") == []


def test_files_that_came_with_the_task_are_taken_from_it(world: World) -> None:
    files = [
        DataFile("a.pdf", "application/pdf", PDF),
        DataFile("b.png", "image/png", PNG),
        DataFile("c.csv", "text/csv", b"north,120"),
    ]
    task = make_task([each.url for each in files])
    [pdf] = world.run(task, "get_files")
    assert (pdf.content, pdf.filename) == (PDF, "a.pdf")
    [image] = world.run(task, "get_images")
    assert image.content == PNG
    [text] = world.run(task, "get_human_readable_files")
    assert text["content"] == "north,120"


def test_all_texts_together_have_a_length() -> None:
    long = [AttachmentRef(url=f"{each}.txt", transcript="x" * 9000) for each in range(5)]
    texts = make_task([], long).get_human_readable_files()
    assert [each["content"].count("x") for each in texts] == [8000, 8000, 8000, 0, 0]


@pytest.mark.parametrize(
    ("url", "kind", "mime", "found"),
    [
        ("a.mp4", "image", None, "image"),
        ("clip.png", "video", None, "video"),
        ("a.png", "unknown", "application/pdf; x=1", "pdf"),
        ("a", None, "text/csv", "text"),
        ("a", None, "image/svg+xml", "text"),
        ("https://x.test/a.xlsx?b=.pdf", None, "application/octet-stream", "document"),
        ("https://x.test/a", None, None, "unknown"),
        ("http://[", None, None, "unknown"),
    ],
)
def test_what_is_said_of_a_file_counts_before_its_name(
    url: str, kind: str | None, mime: str | None, found: str
) -> None:
    assert find_kind(url, kind, mime) == found
