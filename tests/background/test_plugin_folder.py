"""A plugin's configuration and its folder."""

from __future__ import annotations

import dataclasses
import json
import stat
import sys
from pathlib import Path

import attrs
import pytest
from pydantic import BaseModel, Field

from xpander_client.background import Plugin
from xpander_client.errors import ConfigurationError


class Model(BaseModel):
    """As plugins write them."""

    MAX_CONCURRENT_TASKS: int = Field(default=3, title="Most tasks at once", ge=1)
    WORKER_URL: str = ""


@attrs.define
class Attrs:
    MAX_CONCURRENT_TASKS: int = 3
    WORKER_URL: str = ""


@dataclasses.dataclass
class Dataclass:
    MAX_CONCURRENT_TASKS: int = 3
    WORKER_URL: str = ""


def make_plugin(folder: Path | None = None) -> Plugin:
    return Plugin("Films", "films", "Makes films", "1.0.0", "Shop", "", folder=folder)


@pytest.mark.parametrize("cls", [Model, Attrs, Dataclass])
def test_a_configuration_has_its_defaults_and_is_kept(
    cls: type[Model | Attrs | Dataclass], tmp_path: Path
) -> None:
    plugin = make_plugin(tmp_path / "films")
    assert plugin.mount_config()(cls) is cls
    config = plugin.get_config(cls)
    assert isinstance(config, cls)
    assert config.MAX_CONCURRENT_TASKS == 3
    assert plugin.get_config() is config
    # Nothing is written unasked.
    assert list(tmp_path.iterdir()) == []
    config.WORKER_URL = "https://example.org/ä"
    plugin.save_config(config)
    file = tmp_path / "films" / "config.json"
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "MAX_CONCURRENT_TASKS": 3,
        "WORKER_URL": "https://example.org/ä",
    }
    assert list(file.parent.iterdir()) == [file]
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = make_plugin(tmp_path / "films")
    again.mount_config()(cls)
    assert again.get_config(cls).WORKER_URL == "https://example.org/ä"


def test_a_file_says_what_it_wants_and_the_defaults_the_rest(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"MAX_CONCURRENT_TASKS": "5"}')
    plugin = make_plugin(tmp_path)
    plugin.mount_config()(Model)
    assert plugin.get_config(Model) == Model(MAX_CONCURRENT_TASKS=5)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "config.json is no JSON: "),
        ("[1]", "config.json must be a JSON object of settings by name"),
        ('{"MAX_CONCURRENT_TASKS": 0}', "config.json does not fit Model"),
    ],
)
def test_a_file_that_is_wrong_is_an_error_that_names_it(
    text: str, fault: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(text)
    plugin = make_plugin(tmp_path)
    plugin.mount_config()(Model)
    with pytest.raises(ConfigurationError, match=fault):
        plugin.get_config()


def test_a_class_that_was_not_mounted_is_refused(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path)
    with pytest.raises(ValueError, match=r"'films' has no configuration: .*mount_config"):
        plugin.get_config()
    with pytest.raises(TypeError, match="can't be of class Model, which was not mounted"):
        plugin.save_config(Model())
    plugin.mount_config()(Model)
    with pytest.raises(TypeError, match="is of class Model, not Attrs"):
        plugin.get_config(Attrs)
    with pytest.raises(ValueError, match="has a configuration already: Model"):
        plugin.mount_config()(Attrs)


def test_the_folder_is_named_by_author_and_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plugin = make_plugin()
    assert plugin.key == "Shop.films"
    assert not Path(".xpander").exists()
    assert plugin.get_plugin_data_dir() == Path(".xpander/plugins/Shop.films")
    assert plugin.get_plugin_data_dir().is_dir()
    other = Plugin("Films", "films", "", "1.0.0", "../Shop", "")
    assert other.folder == Path(".xpander/plugins/..%2FShop.films")
    assert Plugin("Films", "films", "", "1.0.0", "", "").key == "films"
