"""Attempts to get out of the sandbox: each is refused, the host is unharmed, the next call runs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.sandbox.sandboxes import session
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.results import Limits, Success

SECRET = "the-secret-of-the-host"


class Account:
    """An object of the host with something to hide."""

    _secret = SECRET
    rate = 2

    def __init__(self, owner: str = "ann") -> None:
        self.owner = owner
        self._key = SECRET

    def greeting(self) -> str:
        return f"I am {self.owner}"

    def twin(self) -> Account:
        return Account(self.owner)

    def hidden(self) -> str:
        return self._key

    def handler(self) -> Any:
        return self.hidden

    def globals_of(self) -> Any:
        return sys

    @classmethod
    def of(cls, owner: str) -> Account:
        return cls(owner)


class Sealed:
    """Objects of it can't be made by agent code."""


@pytest.fixture
def capabilities() -> Capabilities:
    capabilities = Capabilities()
    capabilities.add_class(Account, exclude=["_*", "hidden"])
    capabilities.add_class(Sealed, constructable=False)
    capabilities.add_function(lambda value: value, name="same")
    capabilities.add_function(lambda number: 1 / number, name="divided")
    capabilities.add_module(Account("bob"), name="bob", exclude=["_*", "hidden"])
    return capabilities


@pytest.fixture(autouse=True)
def host_is_unharmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HOST_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)

    def host() -> tuple[object, ...]:
        # pytest writes into the environment which test runs.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        # Python itself gives a class that is asked for its annotations an empty dict of them.
        members = sorted({*vars(Account)} - {"__annotations__"})
        return environment, members, Account.greeting

    before, threads = host(), threading.active_count()
    yield
    assert host() == before
    assert threading.active_count() <= threads  # those of earlier tests may end meanwhile
    assert list(tmp_path.iterdir()) == []


ATTRIBUTES = [
    "account.__class__.__mro__",
    "account.__dict__",
    "account.__init__.__globals__",
    "account.__reduce__()",
    "account.__reduce_ex__(2)",
    "account.__getattribute__('_key')",
    "account.__getattr__('_key')",
    "account.__module__",
    "account._key",
    "account._secret",
    "account.hidden()",
    "account.hidden",
    "getattr(account, '_key')",
    "getattr(account, 'hidden')()",
    "Account._secret",
    "Account.hidden(account)",
    "Account.__subclasses__()",
    "Account.__init__(account)",
    "Account.__base__",
    "Account.greeting.__globals__",
    "Account.greeting(account)",
    "account.greeting.__self__",
    "account.greeting.__func__.__globals__['os']",
    "account.greeting.__globals__",
    "bob._key",
    "bob.hidden()",
    "bob.__init__.__globals__",
    "same.__globals__",
    "same.__code__",
    "same.__closure__",
    "same.__self__",
    "(1).__class__.__base__.__subclasses__()",
    "().__class__.__bases__[0]",
    "''.__class__.__mro__[1].__subclasses__()",
    "type(account).__subclasses__(type(account))",
    "type.__call__(Account)",
    "inputs.__class__.__init__.__globals__",
    "inputs._secret",
    "account.handler()",
    "account.handler()()",
    "account.globals_of()",
    "account.globals_of().modules",
]

FORMATS = [
    "'{0._key}'.format(account)",
    "'{0.__init__.__globals__}'.format(account)",
    "'{a.hidden}'.format(a=account)",
    "'{0[_key]}'.format(account)",
    "f'{account._key}'",
    "f'{account.__class__.__init__.__globals__}'",
    "'%(x)s' % {'x': account._key}",
    "'{0._key}'.format_map({'0': account})",
]

MAKING = [
    "Sealed()",
    "type(sealed)()",
    "type(account)._secret",
    "type('X', (Account,), {})()._key",
    "type('X', (object,), {'__init__': same})(1).x.y",
    "class X(Account):\n    pass",
    "class M(type):\n    pass",
    "class X(metaclass=type):\n    pass",
    "Account.greeting = lambda self: 'patched'",
    "Account.rate = 5",
    "setattr(Account, 'greeting', 1)",
    "del Account.greeting",
    "account()",
    "bob()",
    "same(lambda: 1)",
    "same(same)",
    "same(print)",
    "same(iter([1]))",
    "same(type)",
]

TRACEBACKS = [
    "try:\n    divided(0)\nexcept Exception as e:\n    e.__traceback__.tb_frame.f_globals",
    "try:\n    divided(0)\nexcept Exception as e:\n    e.__traceback__.tb_next.tb_frame",
    "try:\n    divided(0)\nexcept Exception as e:\n    e.__cause__.__traceback__",
    "try:\n    divided(0)\nexcept Exception as e:\n    e.__context__.__class__",
    "import sys\nsys._getframe()",
    "import sys\nsys._getframe(1).f_globals",
    "import sys\nsys.exc_info()[2].tb_frame",
    "import sys\nsys.modules['os'].system('id')",
    "(x for x in [1]).gi_frame.f_back",
    "async def f(): pass\nf().cr_frame.f_back",
    "(lambda: 1).__code__.co_consts",
    "(lambda: 1).__globals__['__builtins__']",
]

IMPORTS = [
    "import subprocess",
    "import socket",
    "import ctypes",
    "import importlib",
    "import builtins",
    "import pickle",
    "import threading",
    "import multiprocessing",
    "import shutil",
    "import inspect",
    "import gc",
    "import xpander_client",
    "import tests.agents",
    "from os import system",
    "import os\nos.system('id')",
    "import os\nos.popen('id')",
    "import os\nos.fork()",
    "import os\nos.kill(1, 9)",
    "__import__('subprocess')",
    "__builtins__",
    "__builtins__['__import__']",
    "__loader__",
    "__spec__.loader",
    "eval('__import__(\"subprocess\")')",
    "exec('import subprocess')",
    "eval('account._key')",
    "compile('1', 'x', 'eval')",
    "globals()",
    "import statistics\nstatistics.sys",
    "import statistics\nstatistics.mean.__globals__",
    "from statistics import sys",
    "import string\nstring.Formatter().format('{0._key}', account)",
    "import textwrap\ntextwrap.re",
    "import html\nhtml.entities",
    "from urllib import request",
    "import urllib.request",
]

FILES = [
    "open('/etc/passwd').read()",
    "open('made.txt', 'w').write('x')",
    "import pathlib\npathlib.Path('/etc/passwd').read_text()",
    "import pathlib\npathlib.Path('made.txt').write_text('x')",
    "import pathlib\nlist(pathlib.Path('/').iterdir())",
    "import pathlib\npathlib.Path('made').mkdir()",
    "import os\nos.listdir('/')",
    "import os\nos.remove('/etc/passwd')",
    "import os\nos.environ['HOST_SECRET']",
    "import os\nos.getenv('HOST_SECRET') + ''",
    "import tomllib\ntomllib.load(open('/etc/passwd', 'rb'))",
    "import csv\ncsv.reader(open('/etc/passwd'))",
    "input()",
    "breakpoint()",
    "exit()",
    "quit()",
]

BOMBS = [
    "while True:\n    pass",
    "while True:\n    try:\n        1 / 0\n    except:\n        pass",
    "while 1:\n  try:\n    while 1:\n      pass\n  except BaseException:\n    pass",
    "x = 'x' * 10**10",
    "x = [0] * 10**10",
    "x = []\nwhile True:\n    x.append('x' * 100_000)",
    "x = 'x'\nwhile True:\n    x += x",
    "sum(range(10**12))",
    "sorted(range(10**8))",
    "7 ** (10**9)",
    "1 << (10**12)",
    "'x'.rjust(10**11)",
    "def f():\n    return f()\nf()",
    "x = []\nfor n in range(10**7):\n    x = [x]",
    "(" * 100_000,
    "-" * 100_000 + "1",
    "[" * 5_000 + "]" * 5_000,
    "x = 1" + "+1" * 200_000,
    "while True:\n    same(1)",
    "while True:\n    try:\n        same(1)\n    except:\n        pass",
    "while True:\n    try:\n        open('x')\n    except:\n        pass",
    "import time\ntime.sleep(1000)",
    "import re\nre.fullmatch('(a+)+b', 'a' * 200_000).group()",
    "import statistics\nstatistics.variance([10**6000, 1])",
    "import textwrap\ntextwrap.wrap('x' * 6_000_000)",
]

ATTEMPTS = [*ATTRIBUTES, *FORMATS, *MAKING, *TRACEBACKS, *IMPORTS, *FILES, *BOMBS]
LIMITS = Limits(seconds=0.3, memory=64 * 1024 * 1024, host_calls=500, output=10_000)


@pytest.mark.parametrize("code", ATTEMPTS, ids=lambda code: code[:50].replace("\n", ";"))
def test_an_attempt_is_refused_and_the_next_call_runs(
    capabilities: Capabilities, code: str
) -> None:
    lines = code.split("\n")
    if code not in BOMBS and not lines[-1].startswith((" ", "class ", "import ", "from ", "del ")):
        # Whatever it comes to must not come out, not as a value either.
        simple = "=" not in lines[-1].replace("==", "") or "(" in lines[-1].partition("=")[0]
        if simple:
            lines[-1] = f"task_success(({lines[-1]}))"
    inputs: dict[str, Any] = {"account": Account(), "sealed": Sealed()}
    bound = "account = inputs.account\nsealed = inputs.sealed\n"
    with session(capabilities, limits=LIMITS, **inputs) as one:
        assert one.run(bound).error is None
        block = one.run("\n".join(lines))
        assert block.error, block
        assert block.control is None
        assert SECRET not in block.error
        assert SECRET not in str(block.output)
        assert one.run("task_success(2)").control == Success(2)


def test_what_an_object_of_the_host_shows_is_no_more_than_its_name(
    capabilities: Capabilities,
) -> None:
    with session(capabilities, account=Account()) as one:
        block = one.run(
            "a = inputs.account\nprint(a, repr(a), f'{a}', [a], inputs, '{0.__class__}'.format(a))"
        )
    assert block.error is None
    assert SECRET not in str(block.output)


def test_the_class_of_an_object_gives_nothing_that_is_not_open(capabilities: Capabilities) -> None:
    class Closed:
        secret = SECRET

    code = (
        "found = []\n"
        "for one in (inputs.closed.__class__, inputs.account.__class__):\n"
        "    for name in ('secret', '_secret', '__init__', '__subclasses__', '__mro__', 'mro'):\n"
        "        try:\n            found.append(getattr(one, name))\n"
        "        except AttributeError:\n            pass\n"
        "try:\n    found.append(inputs.closed.__class__())\n"
        "except (TypeError, AttributeError):\n    pass\n"
        "task_success(found)"
    )
    with session(capabilities, account=Account(), closed=Closed()) as one:
        assert one.run(code).control == Success([])


def test_huge_output_is_cut_and_the_host_holds_no_more_of_it() -> None:
    with session(limits=LIMITS) as one:
        block = one.run("for _ in range(100):\n    print('x' * 100_000)")
        (text,) = block.output
        assert len(text) < LIMITS.output + 100
        assert "9990100 more characters left out" in text
        assert one.run("task_success(1)").control == Success(1)


def test_a_control_call_in_a_catch_all_loop_ends_the_block(capabilities: Capabilities) -> None:
    calls: list[int] = []
    capabilities.add_function(lambda: calls.append(1), name="note")
    code = (
        "while True:\n    try:\n        task_success('first')\n    except BaseException:\n"
        "        try:\n            task_success('later')\n            note()\n"
        "        except BaseException:\n            note()"
    )
    with session(capabilities, limits=LIMITS) as one:
        assert one.run(code).control == Success("first")
        assert calls == []
        assert one.run("task_success(2)").control == Success(2)


def test_there_are_more_than_sixty_attempts() -> None:
    assert len(set(ATTEMPTS)) > 150
