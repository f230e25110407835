"""The figures about what an installation costs: bytes on disk, and time until the first answer."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.benchmarks.clients import WIRES
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import MeasurementError, Pair, interleaved, server

ROOT = Path(__file__).resolve().parents[2]
# What a virtual environment has before anything is installed.
TOOLS = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence", "wheel")

CPU_OF_IMPORT = """
import time
started = time.process_time()
import {module}
print(time.process_time() - started)
"""
CPU_OF_FIRST_CALL = """
import sys, time
started = time.process_time()
from xpander_client import Configuration, Tasks
configuration = Configuration(api_key="key", base_url=sys.argv[1], organization_id="bench")
Tasks(configuration=configuration).get(task_id="first")
print(time.process_time() - started)
"""
IMPORT = """
import sys, time
started = time.perf_counter()
import {module}
print(time.perf_counter() - started)
"""
FIRST_CALL = """
import sys, time
started = time.perf_counter()
from {module} import Configuration, Tasks
configuration = Configuration(api_key="key", base_url=sys.argv[1], organization_id="bench")
Tasks(configuration=configuration).get(task_id="first")
print(time.perf_counter() - started)
"""


def figures(official_python: str, rounds: int) -> Iterator[Figure]:
    """Import, import and first call, installed size, of a fresh installation without extras.

    Without, because httpx loads rich and h2 along where an extra has brought them.
    """
    with tempfile.TemporaryDirectory() as folder, server() as address:
        python = new_environment(Path(folder) / "fresh")
        install(python, str(ROOT))
        pair = interleaved(
            2 * rounds + 1,
            lambda: seconds(python, IMPORT.format(module="xpander_client")),
            lambda: seconds(python, IMPORT.format(module="httpx")),
        )
        yield Figure(
            title="import xpander_client / import httpx",
            value=pair.ratio,
            wanted=0.5,
            at_most=True,
            detail="{:.0f} / {:.0f} ms".format(*(1000 * median for median in pair.medians)),
        )
        for wire in WIRES:
            pair = interleaved(
                rounds,
                partial(seconds, python, CPU_OF_FIRST_CALL, address, XPANDER_HTTP=wire),
                lambda: seconds(python, CPU_OF_IMPORT.format(module="httpx")),
            )
            yield Figure(
                title=f"CPU of import and first call over {wire} / of import httpx",
                value=pair.ratio,
                wanted=1.6,
                at_most=True,
                detail="{:.0f} / {:.0f} ms".format(*(1000 * median for median in pair.medians)),
            )
        yield version(rounds)
        if not official_python:
            return
        pair = interleaved(
            rounds,
            lambda: seconds(official_python, FIRST_CALL.format(module="xpander_sdk"), address),
            lambda: seconds(python, FIRST_CALL.format(module="xpander_client"), address),
        )
        yield Figure(
            title="import and first call, official client / ours without extras",
            value=pair.ratio,
            wanted=10,
            detail="{:.0f} / {:.0f} ms".format(*(1000 * median for median in pair.medians)),
        )
        pair = interleaved(
            rounds,
            lambda: seconds(official_python, FIRST_CALL.format(module="xpander_sdk"), address),
            lambda: seconds(sys.executable, FIRST_CALL.format(module="xpander_client"), address),
        )
        yield Figure(
            title="the same with all extras, of which httpx loads some along",
            value=pair.ratio,
            detail="{:.0f} / {:.0f} ms".format(*(1000 * median for median in pair.medians)),
        )
        sizes = Pair([size_of_packages(official_python)], [size_of_packages(python)])
    yield Figure(
        title="installed size, official client / ours without extras",
        value=sizes.ratio,
        wanted=20,
        detail="{:.1f} / {:.1f} MB".format(*(median / 1e6 for median in sizes.medians)),
    )


def version(rounds: int) -> Figure:
    """Compare the command's quickest answer with its library's import, Python's start included."""
    command = (sys.executable, "-m", "xpander_client.cli", "--version")
    pair = interleaved(
        2 * rounds + 1,
        lambda: cpu_of_process(*command),
        lambda: cpu_of_process(sys.executable, "-c", "import typer"),
    )
    return Figure(
        title="CPU of xpander-client --version / of python -c 'import typer'",
        value=pair.ratio,
        wanted=3,
        at_most=True,
        detail="{:.0f} / {:.0f} ms".format(*(1000 * median for median in pair.medians)),
    )


def cpu_of_process(*command: str) -> float:
    """Return the CPU time of a process from its start to its end."""
    popen = subprocess.Popen(command, cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(popen.pid, 0)
    popen.returncode = os.waitstatus_to_exitcode(status)
    if popen.returncode:
        raise MeasurementError(f"{command!r} ended with exit status {popen.returncode}")
    return usage.ru_utime + usage.ru_stime


def seconds(python: str, code: str, *arguments: str, **environment: str) -> float:
    """Return what the code prints last, run in a fresh process outside the repository."""
    answer = subprocess.run(
        [python, "-c", code, *arguments],
        cwd=tempfile.gettempdir(),
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return float(answer.stdout.split()[-1])


def size_of_packages(python: str) -> float:
    """Count the bytes of all that is installed for `python`, but for pip and its like."""
    answer = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        check=True,
        capture_output=True,
        text=True,
    )
    packages = Path(answer.stdout.strip())
    return float(
        sum(
            file.stat().st_size
            for entry in packages.iterdir()
            if entry.name.split("-")[0].removesuffix(".pth") not in TOOLS
            for file in ([entry] if entry.is_file() else entry.rglob("*"))
            if file.is_file()
        )
    )


def official_client(folder: Path) -> str:
    """Return the Python of an environment with the official client in it, made on first use."""
    return environment_with("xpander-sdk[agno]==2.0.537", folder)


def environment_with(requirement: str, folder: Path) -> str:
    """Return the Python of an environment with one thing in it, made on first use."""
    python = python_of(folder)
    done = folder / "complete"
    if not done.exists():
        print(f"Installing {requirement} into {folder.relative_to(ROOT)}", flush=True)
        new_environment(folder)
        # The pip that comes with older Pythons needs many minutes to find versions that fit.
        install(python, "--upgrade", "pip")
        install(python, requirement)
        done.touch()
    return python


def new_environment(folder: Path) -> str:
    """Make a virtual environment; return its Python."""
    venv.create(folder, with_pip=True, clear=True)
    return python_of(folder)


def python_of(folder: Path) -> str:
    """Return the Python of a virtual environment."""
    return str(folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))


def install(python: str, *what: str) -> None:
    """Installs with that Python's pip, quietly."""
    subprocess.run(
        [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *what],
        check=True,
    )
