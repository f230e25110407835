"""The folder of a plugin: its configuration, its store, and what it puts there itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload
from urllib.parse import quote

import orjson

from xpander_client.core.result import plain
from xpander_client.errors import ConfigurationError
from xpander_client.private_files import make_private_folder

if TYPE_CHECKING:
    from xpander_client.background.plugin_store import PluginStore

C = TypeVar("C")

_FOLDER = Path(".xpander/plugins")


class PluginFolder:
    """What a plugin keeps in files: `folder`, or one named by the plugin's key.

    Nothing is made before it is needed.
    """

    module_name: str
    author: str

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        self._folder = None if folder is None else Path(folder)
        self._configuration_class: type[Any] | None = None
        self._configuration: Any = None
        self._reading = threading.Lock()

    @property
    def key(self) -> str:
        """The author and the module, which tell the plugin from those of others."""
        return f"{self.author}.{self.module_name}" if self.author else self.module_name

    @property
    def folder(self) -> Path:
        """Where its files are; the folder may not be there yet."""
        return self._folder or _FOLDER / quote(self.key, safe=" ")

    @property
    def store(self) -> PluginStore:
        """Texts that outlive the process, by chat, user and key."""
        from xpander_client.background.plugin_store import PluginStore

        return PluginStore(self.folder / "store.sqlite")

    def get_plugin_data_dir(self) -> Path:
        """Return the plugin's folder, made if it isn't there, for files of the plugin's own."""
        make_private_folder(self.folder)
        return self.folder

    def mount_config(self) -> Callable[[type[C]], type[C]]:
        """Have a class be the plugin's configuration; it comes back unchanged.

        It is a model of pydantic's, or a class of attrs or dataclasses, whose fields have defaults.

        Raises:
            ValueError: the plugin has one already.

        Example:
            >>> import attrs
            >>> from xpander_client.background import Plugin
            >>> plugin = Plugin("Films", "films", "Makes films", "1.0.0", "Shop", "")
            >>> @plugin.mount_config()
            ... @attrs.define
            ... class FilmSettings:
            ...     MAX_CONCURRENT_TASKS: int = 3
            >>> plugin.get_config(FilmSettings).MAX_CONCURRENT_TASKS
            3
        """

        def mount(cls: type[C]) -> type[C]:
            if self._configuration_class is not None:
                name = self._configuration_class.__qualname__
                raise ValueError(f"plugin {self.module_name!r} has a configuration already: {name}")
            self._configuration_class = cls
            return cls

        return mount

    @overload
    def get_config(self) -> Any: ...
    @overload
    def get_config(self, config_cls: type[C]) -> C: ...

    def get_config(self, config_cls: type[Any] | None = None) -> Any:
        """Return the plugin's configuration: the same object each time.

        It is read from `config.json` in the plugin's folder, an object of settings by name; where
        that says nothing, the defaults of the class hold. Type checkers know the class where it is
        given.

        Raises:
            ValueError: no class was mounted.
            TypeError: another one was.
            ConfigurationError: the file is no JSON object, or does not fit the class.
        """
        mounted = self._configuration_class
        if mounted is None:
            raise ValueError(
                f"plugin {self.module_name!r} has no configuration: decorate its class with "
                "@plugin.mount_config()"
            )
        if config_cls is not None and not issubclass(mounted, config_cls):
            raise TypeError(
                f"the configuration of plugin {self.module_name!r} is of class "
                f"{mounted.__qualname__}, not {config_cls.__qualname__}"
            )
        with self._reading:
            if self._configuration is None:
                self._configuration = _read(self._configuration_file, mounted)
            return self._configuration

    def save_config(self, config: Any) -> None:
        """Write the plugin's configuration to its file, and have `get_config` return it.

        Raises:
            TypeError: it is of another class than was mounted.
        """
        mounted = self._configuration_class
        if mounted is None or not isinstance(config, mounted):
            raise TypeError(
                f"the configuration of plugin {self.module_name!r} can't be of class "
                f"{type(config).__qualname__}, which was not mounted"
            )
        with self._reading:
            _write(self._configuration_file, config)
            self._configuration = config

    @property
    def _configuration_file(self) -> Path:
        return self.folder / "config.json"


def _read(file: Path, cls: type[C]) -> C:
    try:
        values = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        values = {}
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{file} is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"{file} must be a JSON object of settings by name")
    # A model of pydantic's converts and checks what it reads; the others take it as keywords.
    validate: Any = getattr(cls, "model_validate", None)
    try:
        made: C = cls(**values) if validate is None else validate(values)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{file} does not fit {cls.__qualname__}") from error
    return made


def _write(file: Path, configuration: Any) -> None:
    """Write it for this user alone, so that others read all of it or what was there before."""
    make_private_folder(file.parent)
    written = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(orjson.dumps(plain(configuration), option=orjson.OPT_INDENT_2))
    written.replace(file)
