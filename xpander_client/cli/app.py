"""The command's parts, each loaded when it is run, and how each of them fails."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from xpander_client.cli.messages import complain
from xpander_client.version import __version__

# What each command is for, as `--help` has it. A command's module is loaded when it is run: few
# programs need more than one of them, and together they need the whole package.
_COMMANDS = {
    "dev": "Serve a platform on this machine until it is stopped, and say how to use it.",
    "serve": "Serve a platform until it is stopped, for the keys and the agents that its store "
    "has.",
    "workers": "List the workers that listen now, and the agents whose tasks they take.",
    "audit": "List what was stopped, deleted, created, applied or revoked, the newest first.",
    "forget": "Delete all there is of a user who asks to be forgotten: tasks, threads and reports.",
    "doctor": "Show what is configured, without secrets, whether the platform is reachable, and "
    "versions.",
    "chaos": "Let servers, workers and networks fail under load, and see whether anything is lost.",
    "tasks": "Create, list, show, follow, notify, stop and delete tasks.",
    "agents": "Apply, list, show and remove the agents that a platform knows.",
    "keys": "Make, list and revoke the keys that open a platform.",
    "store": "Check, update and copy stores while no platform uses them, and back them up at any "
    "time.",
}

_PLATFORM_PACKAGES = frozenset({"httptools", "uvicorn", "yaml"})


class _Commands(TyperGroup):
    """Ends with one clear line and the right exit status, whatever went wrong."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, None if name is None else load_command(name), rest

    def invoke(self, ctx: Any) -> Any:
        from xpander_client.errors import (  # --version and --help do without
            ConnectionFailedError,
            ModuleException,
            TimeoutExceededError,
        )

        try:
            return super().invoke(ctx)
        except (ConnectionFailedError, TimeoutExceededError) as error:
            complain(f"{error}. Is the platform running there?")
            raise typer.Exit(1) from error
        except ModuleException as error:
            complain(str(error))
            raise typer.Exit(1) from error
        except ModuleNotFoundError as error:
            from xpander_client.extras import missing

            package = (error.name or "").partition(".")[0]
            if package == "rich":
                complain(str(missing(package, "cli", "the command")))
            elif package in _PLATFORM_PACKAGES:
                complain(str(missing(package, "platform", "the platform")))
            else:
                raise
            raise typer.Exit(1) from error
        except BrokenPipeError:
            # Whoever read the output has had enough; Python must not complain about that at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except (OSError, ValueError) as error:
            complain(str(error) or type(error).__name__)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


def load_command(name: str) -> Any:
    """Return a command, or a group of them, out of the module that has its name."""
    return typer.main.get_command(import_module(f"xpander_client.cli.{name}").app)


app = typer.Typer(
    cls=_Commands,
    name="xpander-client",
    help="Create, follow and stop tasks of agents, and serve a platform to run them on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _name, _purpose in _COMMANDS.items():
    app.command(_name, help=_purpose)(lambda: None)  # stands for the command until it is run


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"xpander-client {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
