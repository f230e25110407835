"""A specification of its own, from YAML to working calls in each world."""

from __future__ import annotations

import datetime
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from generator.__main__ import main
from tests.generator.widget_server import WidgetServer
from tests.worlds import World
from xpander_client.configuration import Configuration
from xpander_client.core.serialization import loads, unstructure
from xpander_client.errors import ArgumentError, NotFoundError

SPEC = Path(__file__).with_name("small.yaml")
GOLDEN = Path(__file__).with_name("golden")

POLISH = """
  /widgets/{widget_id}/polish:
    post:
      operationId: Widgets.polish
      tags: [Widgets]
      summary: Polish a widget.
      parameters:
        - name: widget_id
          in: path
          required: true
          schema: { type: string }
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [times]
              properties:
                times: { type: integer, description: How often. }
                cloth: { type: string, enum: [silk, wool], default: silk }
      responses:
        "200":
          description: The widget.
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Widget" }
components:
"""


def generated(spec: Path, directory: Path, name: str) -> ModuleType:
    """The package `name`, generated from `spec` into `directory`."""
    assert main(["--spec", str(spec), "--output", str(directory / name), "--package", name]) == 0
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("generated")
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


@pytest.fixture(scope="module")
def widgets_api(directory: Path) -> Any:
    return generated(SPEC, directory, "widgets_api")


@pytest.fixture
def server() -> Iterator[WidgetServer]:
    with WidgetServer() as server:
        yield server


@pytest.fixture
def configuration(server: WidgetServer) -> Configuration:
    return Configuration("secret", server.url, "acme")


def test_what_is_printed_for_the_small_spec_is_as_agreed(tmp_path: Path) -> None:
    assert (
        main(["--spec", str(SPEC), "--output", str(GOLDEN), "--package", "golden", "--check"]) == 0
    )


def test_methods_that_are_written_by_hand_are_there(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    with widgets_api.Widgets(configuration) as widgets:
        widget = world.run(widgets, "create", name="Gear")
    assert widget.is_stop_requested is False
    assert not hasattr(widgets_api.Part(title="Tooth"), "is_stop_requested")


def test_a_created_object_comes_back_whole(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    with widgets_api.Widgets(configuration) as widgets:
        widget = world.run(
            widgets,
            "create",
            name="Gear",
            colour=widgets_api.Colour.DarkGreen,
            part=widgets_api.Part(title="Tooth", parts=[widgets_api.Part(title="Tip")]),
            request_source="a test",
        )
    [request] = server.requests
    assert request["method"] == "POST"
    assert request["path"] == "/widgets"
    assert request["body"] == {
        "name": "Gear",
        "colour": "dark-green",
        "note": None,
        "part": {"title": "Tooth", "parts": [{"title": "Tip", "parts": []}]},
    }
    assert request["headers"]["x-request-source"] == "a test"
    assert request["headers"]["idempotency-key"]
    assert request["headers"]["x-api-key"] == "secret"
    assert isinstance(widget, widgets_api.Widget)
    assert widget.created_at == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert widget.colour is widgets_api.Colour.DarkGreen
    assert widget.part.parts[0].title == "Tip"


def test_lists_are_filtered_by_repeated_parameters(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    with widgets_api.Widgets(configuration) as widgets:
        for colour in ("red", "dark-green", "red"):
            world.run(widgets, "create", name="Gear", colour=widgets_api.Colour(colour))
        found = world.run(
            widgets,
            "list",
            colour=[widgets_api.Colour.Red, widgets_api.Colour("mauve")],
            max_weight=2,
        )
    assert server.requests[-1]["query"] == {"colour": ["red", "mauve"], "maxWeight": ["2"]}
    assert [widget.id for widget in found] == ["w-1", "w-3"]


def test_a_list_is_gone_through_page_by_page(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    with widgets_api.Widgets(configuration) as widgets:
        for number in range(5):
            world.run(widgets, "create", name=f"Gear {number}", colour=widgets_api.Colour.Red)
        before = len(server.requests)
        found = list(world.each(widgets, "iter", colour=[widgets_api.Colour.Red], page_size=2))
        assert [widget.id for widget in found] == ["w-1", "w-2", "w-3", "w-4", "w-5"]
        assert all(isinstance(widget, widgets_api.Widget) for widget in found)
        assert [request["query"] for request in server.requests[before:]] == [
            {"colour": ["red"], "limit": ["2"]},
            {"colour": ["red"], "limit": ["2"], "cursor": ["2"]},
            {"colour": ["red"], "limit": ["2"], "cursor": ["4"]},
        ]
        assert len(list(world.each(widgets, "iter"))) == 5
        assert server.requests[-1]["query"] == {"limit": ["3"], "cursor": ["3"]}
        with pytest.raises(ArgumentError, match="page_size must be a number from 1 to 9, not 10"):
            getattr(widgets, "iter" if world.name == "sync" else "aiter")(page_size=10)


def test_an_object_saves_only_what_changed(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    server.widgets["w-9"] = {"id": "w-9", "name": "Gear", "createdAt": "2026-01-02T03:04:05Z"}
    if world.name == "sync":
        widget = widgets_api.Widget.load("w-9", configuration)
    else:
        widget = world.runner.run(widgets_api.Widget.aload("w-9", configuration))
    widget.name = "Cog"
    server.widgets["w-9"]["weight"] = 12
    world.run(widget, "save")
    assert server.requests[-1]["body"] == {"name": "Cog"}
    assert widget.additional_properties == {"weight": 12}
    world.run(widget, "rename", "Wheel", widgets_api.Colour.Red)
    assert server.requests[-1]["body"] == {"name": "Wheel", "colour": "red"}
    server.widgets["w-9"]["name"] = "Disc"
    world.run(widget, "reload")
    assert widget.name == "Disc"
    assert widget.configuration is configuration


def test_an_operation_without_an_answer_returns_none(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    server.widgets["w-9"] = {"id": "w-9", "name": "Gear", "createdAt": "2026-01-02T03:04:05Z"}
    with widgets_api.Widgets(configuration) as widgets:
        assert world.run(widgets, "scrap", "w-9") is None
        with pytest.raises(NotFoundError, match="there is no widget w-9"):
            world.run(widgets, "get", "w-9")


def test_raw_responses_carry_status_and_headers(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    with widgets_api.Widgets(configuration) as widgets:
        response = world.run(widgets.with_raw_response, "create", name="Gear")
    assert response.status_code == 200
    assert response.request_id == "r-1"
    assert response.parsed.name == "Gear"


def test_a_stream_yields_typed_events_up_to_the_last(
    world: World, widgets_api: Any, configuration: Configuration, server: WidgetServer
) -> None:
    server.widgets["w-9"] = {"id": "w-9", "name": "Gear", "createdAt": "2026-01-02T03:04:05Z"}
    widgets = widgets_api.Widgets(configuration)
    if world.name == "sync":
        events = list(widgets.events("w-9"))
    else:

        async def collect() -> list[Any]:
            return [event async for event in widgets.aevents("w-9")]

        events = world.runner.run(collect())
    assert [event.type for event in events] == ["count", "finished"]
    assert events[0].data == 3
    assert isinstance(events[1].data, widgets_api.Widget)
    assert server.requests[-1]["path"] == "/acme/widgets/w-9/events"


def test_defaults_sums_and_unknown_values_are_kept(widgets_api: Any) -> None:
    widget = loads(
        b'{"id": "1", "name": "Gear", "createdAt": "2026-01-02T03:04:05Z", "state": "melted",'
        b' "width": 3, "height": 4, "size": 99, "smell": "oil"}',
        widgets_api.Widget,
    )
    assert widget.state == "melted"
    assert widget.labels == {}
    assert widget.size == 7
    assert widget.additional_properties == {"smell": "oil"}
    sent_back = unstructure(widget)
    assert sent_back["state"] == "melted"
    assert sent_back["smell"] == "oil"
    assert "createdAt" in sent_back
    assert "size" not in sent_back


def test_an_operation_added_to_the_yaml_can_be_called_in_both_worlds(
    world: World, directory: Path, configuration: Configuration, server: WidgetServer
) -> None:
    name = f"more_widgets_{world.name}"
    spec = directory / f"{name}.yaml"
    spec.write_text(SPEC.read_text("utf-8").replace("\ncomponents:\n", POLISH, 1), "utf-8")
    package: Any = generated(spec, directory, name)
    server.widgets["w-9"] = {"id": "w-9", "name": "Gear", "createdAt": "2026-01-02T03:04:05Z"}
    with package.Widgets(configuration) as widgets:
        widget = world.run(widgets, "polish", "w-9", times=2)
    assert server.requests[-1]["path"] == "/widgets/w-9/polish"
    assert server.requests[-1]["body"] == {"times": 2, "cloth": "silk"}
    assert widget.additional_properties == {"polished": 2}
