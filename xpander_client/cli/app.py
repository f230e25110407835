"""The command's parts, put together, and how each of them fails."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from xpander_client.cli.agents import agents
from xpander_client.cli.audit import audit
from xpander_client.cli.chaos import chaos
from xpander_client.cli.dev import dev
from xpander_client.cli.doctor import doctor
from xpander_client.cli.forget import forget
from xpander_client.cli.keys import keys
from xpander_client.cli.output import complain
from xpander_client.cli.serve import serve
from xpander_client.cli.settings import EPILOG
from xpander_client.cli.store import store
from xpander_client.cli.tasks import tasks
from xpander_client.cli.workers import workers
from xpander_client.errors import ConnectionFailedError, ModuleException, TimeoutExceededError
from xpander_client.extras import missing
from xpander_client.version import __version__

_PLATFORM_PACKAGES = frozenset({"httptools", "starlette", "uvicorn", "yaml"})


class _Commands(TyperGroup):
    """Ends with one clear line and the right exit status, whatever went wrong."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (ConnectionFailedError, TimeoutExceededError) as error:
            complain(f"{error}. Is the platform running there?")
            raise typer.Exit(1) from error
        except ModuleException as error:
            complain(str(error))
            raise typer.Exit(1) from error
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package not in _PLATFORM_PACKAGES:
                raise
            complain(str(missing(package, "platform", "the platform")))
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


app = typer.Typer(
    cls=_Commands,
    name="xpander-client",
    help="Create, follow and stop tasks of agents, and serve a platform to run them on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(epilog=EPILOG)(dev)
app.command(epilog=EPILOG)(serve)
app.add_typer(tasks, name="tasks")
app.add_typer(agents, name="agents")
app.add_typer(keys, name="keys")
app.add_typer(store, name="store")
app.command()(workers)
app.command()(audit)
app.command()(forget)
app.command()(doctor)
app.command()(chaos)


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
