"""Where agent code runs: in a process of its own, with what its agent opened and nothing else.

The code is run by pydantic-monty, an interpreter that has no files, no network and no way to the
host but the calls that arrive here, where each is answered or refused.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, NoReturn

import attrs

from xpander_client.agents.sandbox.calls import NOTHING, Calls, plain_call, write_failure
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.containers import NAMES
from xpander_client.agents.sandbox.controls import bind_arguments, make_control
from xpander_client.agents.sandbox.dialect.idioms import rewrite_idioms
from xpander_client.agents.sandbox.dialect.preludes import write_missing
from xpander_client.agents.sandbox.dialect.rewriting import CHANGE, REREAD, mark_changes
from xpander_client.agents.sandbox.dialect.source_scan import LONGEST, Source, scan_source
from xpander_client.agents.sandbox.enum_arguments import restore_enums
from xpander_client.agents.sandbox.exceptions import describe_error
from xpander_client.agents.sandbox.exports import INTERPRETER_BUILTINS, Target, derive_openings
from xpander_client.agents.sandbox.interruption import Interrupted, Interruption
from xpander_client.agents.sandbox.marshal import Crossing, Doubt
from xpander_client.agents.sandbox.names import Names, give_name, name_function
from xpander_client.agents.sandbox.output import Printed
from xpander_client.agents.sandbox.process_state import Feed, ProcessState
from xpander_client.agents.sandbox.processes import Worker, take
from xpander_client.agents.sandbox.results import Block, Control, HostCall, Limits, Success
from xpander_client.agents.sandbox.stand_ins import arguments
from xpander_client.agents.sandbox.transfer import TELL, Transfer
from xpander_client.agents.sandbox.variables import Variables
from xpander_client.agents.types.reserved_names import CONTROLS

_AFTER_THE_END = 100
"""Calls of the host that a block may still try after it has ended itself; then it is stopped."""

_MEANT_AS_BUILTINS = INTERPRETER_BUILTINS | {"callable", "inputs", "print"}
_SPECIAL = re.compile(r"def __(?:bool|len|lt|le|gt|ge|setitem|delitem)__\b")
"""Methods of agent code's own classes that the interpreter does not look at."""
_LIMIT = re.compile(r"feed time limit exceeded|memory limit exceeded|sleep limit")
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")


class Sandbox:
    """Makes the sessions of one agent. The processes are shared by all agents."""

    def session(
        self,
        capabilities: Capabilities,
        limits: Limits | None = None,
        variables: Mapping[str, bytes] | None = None,
        inputs: Mapping[str, Any] | None = None,
        *,
        call: Callable[[HostCall], Any] | None = None,
    ) -> SandboxSession:
        """Open a session for one call of a task.

        `call` carries out calls of the host; it may answer with a `concurrent.futures.Future` (as
        `asyncio.run_coroutine_threadsafe` gives) for the result to be waited for. Without it sync
        functions are called, on the thread that runs the block, and async ones are refused.
        """
        return SandboxSession(
            capabilities, limits or Limits(), variables or {}, inputs or {}, call or plain_call
        )


class _Lost(Exception):
    """The process is no longer of use; the text says why."""


class SandboxSession:
    """One conversation of agent code with the host: blocks that see each other's variables.

    A process is taken when the first block runs, and given back by `close`. Used from one thread at
    a time, but for `interrupt`.
    """

    def __init__(
        self,
        capabilities: Capabilities,
        limits: Limits,
        variables: Mapping[str, bytes],
        inputs: Mapping[str, Any],
        call: Callable[[HostCall], Any],
    ) -> None:
        self._openings = derive_openings(capabilities)
        self._limits = limits
        self._call = call
        self._crossing = Crossing(self._openings)
        self._names = Names(self._openings, self._crossing, inputs)
        self._interruption = Interruption()
        self._is_closed = False
        # What outlives a process, and what is so in the one that it has now.
        self._variables = Variables(variables)
        self._process = ProcessState()
        # What code of this session ever did stays so, in whichever process: its functions, which
        # are made again in a new one, may still do it.
        self._has_containers = False
        self._has_special = False
        # Of the block that runs: its names that had a meaning before it.
        self._found: frozenset[str] = frozenset()

    def __enter__(self) -> SandboxSession:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the process back. What `collect_changes` has not told is lost."""
        self._is_closed = True
        self._forget_process()

    def interrupt(self) -> None:
        """End the block that runs, and let none begin any more. From any thread."""
        self._interruption.interrupt()

    def run(self, code: str, *, prints: Callable[[Any], None] | None = None) -> Block:
        """Run a block of code to its end. Blocks.

        `prints` gets what the block prints and views, at the time, in the form of `Block.output`.
        What a host function raises outside of `Exception` ends the block and comes out here.
        """
        if self._is_closed:
            raise RuntimeError("the session is closed")
        block = self._make_running(Printed(self._limits.output, prints))
        try:
            error = self._run(code.replace("\r\n", "\n").replace("\r", "\n"), block)
        except Interrupted:
            self._forget_process()
            return Block(block.printed.finish(), None, None, interrupted=True)
        except _Lost as lost:
            self._forget_process()
            error = None if block.control is not None else str(lost)
        except BaseException:
            # Of the host, not of the code. The process waits for an answer that never comes.
            self._kill()
            raise
        finally:
            block.calls.give_up()
        if self._interruption.has_come and block.control is None:
            self._forget_process()
            return Block(block.printed.finish(), None, None, interrupted=True)
        return Block(block.printed.finish(), block.control, None if block.control else error)

    def collect_changes(self) -> dict[str, bytes | None]:
        """Return the variables that changed since this was asked last, encoded; None for one that
        is gone.

        All that the session's code could have touched is compared, so a change through another name
        is found as well.
        """
        if not self._process.is_read and self._interruption.worker is not None:
            try:
                self._transfer.read(has_containers=self._has_containers)
            except (_Lost, Interrupted):
                self._forget_process()
        return self._variables.collect_changes()

    # -- a block's way

    def _run(self, code: str, block: _Running) -> str | None:
        if len(code) > LONGEST:
            return f"SyntaxError: the block is longer than {LONGEST} characters"
        source = scan_source(code)
        self._begin()
        wanted = self._variables.find_wanted(source.names, self._process.present)
        given: dict[str, Any] = {}
        failed = self._transfer.restore(wanted, given)
        if "inputs" in wanted or "inputs" in source.names:
            self._transfer.give_inputs(given)
        self._process.is_read = False
        known = frozenset(one for one in source.names if one in self._variables)
        self._found = known | self._process.bound
        self._process.bound |= source.bound if source.bound is not None else source.names
        self._variables.learn(source)
        block.awaits = source.awaits
        error = self._feed(code, source, given, block)
        left_over = block.calls.describe_left_over()
        if left_over is not None and isinstance(block.control, Success):
            # It is not done.
            block.control = None
            return left_over
        if error is None:
            return left_over if block.stopped is None else block.stopped
        codes = {f"<python-input-{at}>": one.code for at, one in enumerate(self._process.feeds)}
        text = describe_error(error, code, codes, self._crossing.type_names())
        if _LIMIT.search(str(error)):
            # The interpreter promises nothing about what it holds after that.
            with contextlib.suppress(_Lost):
                self._transfer.read(has_containers=self._has_containers)
            self._forget_process()
            text = self._limit_text(text)
        if block.stopped is not None:
            return block.stopped
        undefined = _NOT_DEFINED.search(str(error))
        if undefined is None:
            return text
        if undefined[1] in self._names.inputs:
            first, *lines = text.split("\n")
            first += f" (arguments are attributes: write inputs.{undefined[1]})"
            return "\n".join([first, *lines])
        return text + self._why_missing(undefined[1], failed)

    def _why_missing(self, name: str, failed: Mapping[str, str]) -> str:
        if name in failed:
            return f"\n'{name}' of an earlier call can't be made again: {failed[name]}"
        if name in self._variables.missing:
            return (
                f"\n'{name}' was {self._variables.missing[name]}, which can't be stored. "
                "Make it again, or keep data in variables."
            )
        return ""

    def _limit_text(self, text: str) -> str:
        if "feed time limit" in text:
            text = f"TimeoutError: the block ran longer than {self._limits.seconds:g} seconds"
        elif "memory limit" in text:
            text = (
                f"MemoryError: the block needed more than {self._limits.memory // 2**20} MiB "
                "of memory"
            )
        return text

    def _begin(self) -> Worker:
        self._interruption.check()
        worker = self._interruption.worker
        if worker is None:
            worker = take(self._limits, self._openings.modules, lambda: self._interruption.has_come)
            if worker is None:
                raise Interrupted
            self._interruption.hold(worker)
            self._interruption.check()
        return worker

    def _forget_process(self) -> None:
        worker = self._interruption.release()
        self._process.turns.end()
        if worker is not None:
            worker.close()
        self._process = ProcessState()

    def _kill(self) -> None:
        self._interruption.kill_process()
        self._forget_process()

    # -- the conversation with the process

    @property
    def _transfer(self) -> Transfer:
        # Made when it is needed: if it were kept, only the garbage collector would free the two.
        return Transfer(
            self._variables,
            self._process,
            self._names,
            self._crossing,
            feed=self._quiet_feed,
            put=self._put,
            ask=self._ask,
        )

    def _make_running(self, printed: Printed, *, is_reading: bool = False) -> _Running:
        calls = Calls(self._call, self._crossing, self._interruption)
        return _Running(printed, calls, is_reading=is_reading)

    def _quiet_feed(self, code: str, given: Mapping[str, Any]) -> str | None:
        """Run code of the session's own making or restoring; the error's text if it fails."""
        error = self._feed(
            code, scan_source(code), dict(given), self._make_running(Printed(0, None))
        )
        return None if error is None else str(error.display("type-msg"))

    def _put(self, code: str) -> None:
        """Run code of ours, as it is."""
        nothing = Source(frozenset(), frozenset(), {})
        error = self._feed(code, nothing, {}, self._make_running(Printed(0, None)), is_own=True)
        if error is not None:
            raise _Lost(f"SandboxError: {error}")

    def _ask(self, code: str) -> dict[str, Any] | None:
        """Run code that tells variables; None if one of them has no form."""
        block = self._make_running(Printed(0, None), is_reading=True)
        error = self._feed(code, Source(frozenset(), frozenset(), {}), {}, block)
        if error is not None:
            raise _Lost(str(error))
        return block.found

    def _prepare(self, code: str, source: Source) -> tuple[str, Source]:
        """Prepare the code as the interpreter runs it, with what it needs for that being there."""
        self._has_special = self._has_special or _SPECIAL.search(code) is not None
        taken = source.names & _MEANT_AS_BUILTINS
        made = rewrite_idioms(
            mark_changes(code),
            has_objects=self._has_special or self._openings.has_objects,
            has_functions=self._openings.has_functions,
            inner_modules=frozenset(self._openings.inner),
            taken=frozenset(name for name in taken if self._is_taken(name)),
            known=(self._found | self._variables.find_globals()) & source.names,
        )
        prelude = write_missing(made, self._process.preludes)
        if prelude:
            self._put(prelude)
        # Where calls stand is asked of the code that runs.
        return made, source if made == code else attrs.evolve(scan_source(made), names=source.names)

    def _is_taken(self, name: str) -> bool:
        if name == "inputs":
            return name in self._process.bound
        return name in self._process.bound or name in self._variables or self._names.is_opened(name)

    def _feed(
        self,
        code: str,
        source: Source,
        given: dict[str, Any],
        block: _Running,
        *,
        is_own: bool = False,
    ) -> Any:
        """Have code run, and answer what it asks; the error that ended it, if one did.

        `is_own` says that the code is for the interpreter as it is.
        """
        import pydantic_monty as monty

        worker, process = self._begin(), self._process
        written = code
        if not block.is_reading and not is_own:
            code, source = self._prepare(code, source)
            for name in self._openings.over_builtins(source.names) - process.shadowed:
                process.shadowed.add(name)
                if name not in self._variables:
                    given.setdefault(name, *self._names.find_opened(name))
        process.feeds.append(Feed(source, None if is_own else written))
        self._crossing.has_own_reprs |= "__repr__" in source.names
        self._has_containers |= not NAMES.isdisjoint(source.names) or "__x_collections" in code
        try:
            snapshot: Any = process.turns.take(
                partial(
                    worker.session.feed_start,
                    code,
                    inputs=given,
                    print_callback=process.turns.call_on_waiter(block.printed.add),
                )
            )
            while not isinstance(snapshot, monty.MontyComplete):
                self._interruption.check()
                if isinstance(snapshot, monty.FunctionSnapshot):
                    answer = self._answer_call(snapshot, block)
                elif isinstance(snapshot, monty.NameLookupSnapshot):
                    answer = self._answer_name(snapshot, block)
                else:
                    answer = partial(
                        snapshot.resume, block.calls.collect_settled(snapshot.pending_call_ids)
                    )
                snapshot = process.turns.take(answer)
            block.printed.check()
        except (monty.MontyRuntimeError, monty.MontySyntaxError) as error:
            block.printed.check()
            return error
        except (monty.MontyError, RuntimeError) as error:
            if self._interruption.has_come:
                raise Interrupted from error
            self._lose(error, block)
        return None

    def _lose(self, error: Exception, block: _Running) -> NoReturn:
        if block.stopped is not None:
            raise _Lost(block.stopped) from error
        raise _Lost(
            f"SandboxError: the process that ran the block ended ({_short(error)}). Variables are "
            "as they were before the block."
        ) from error

    def _answer_call(self, snapshot: Any, block: _Running) -> Any:
        """Return what gives the answer to a call, and with it the next thing that the code asks
        for.
        """
        if snapshot.is_os_function:
            refusal = self._refusal(snapshot, block)
            if refusal is not None:
                return partial(snapshot.resume, refusal)
            if snapshot.function_name == "import":
                return snapshot.resume_auto
            if snapshot.function_name == "system.sleep":
                return partial(snapshot.resume, self._sleep(snapshot.args, block))
            if snapshot.function_name == "system.async_sleep":
                seconds = max(0.0, float(snapshot.args[0])) if snapshot.args else 0.0
                return partial(snapshot.resume, block.calls.begin_sleep(snapshot.call_id, seconds))
            return snapshot.resume_not_handled
        if block.is_reading and snapshot.function_name == TELL:
            block.found = self._transfer.collect_reported(snapshot)
            return partial(snapshot.resume, NOTHING)
        # Resuming is what the sandbox's own errors come out of: it stays outside of any `try`.
        return partial(snapshot.resume, self._answer_waiting(snapshot, block))

    def _sleep(self, args: tuple[Any, ...], block: _Running) -> dict[str, Any]:
        seconds = max(0.0, float(args[0])) if args else 0.0
        block.slept += seconds
        if not block.slept <= self._limits.seconds:
            text = f"the block slept longer than {self._limits.seconds:g} seconds"
            return {"exc_type": "TimeoutError", "message": text}
        self._interruption.sleep(seconds)
        return NOTHING

    def _answer_waiting(self, snapshot: Any, block: _Running) -> dict[str, Any]:
        refusal = self._refusal(snapshot, block)
        if refusal is not None:
            return refusal
        try:
            name = snapshot.function_name
            if name == "__x_do" and snapshot.args[0] == "kind":
                return {"return_value": self._crossing.kind(snapshot.args[1])}
            args, kwargs = self._read_arguments(snapshot)
            if name == "__x_do":
                operation, *operands = args
                target = self._names.find_operation(operation, operands)
                return self._make_call(snapshot, HostCall(target, tuple(operands)), block)
            if name not in self._process.bound_calls:
                name = name.removeprefix("<function ").removesuffix(">")
            if snapshot.object_id is None and self._of_the_sandbox(name, args, kwargs, block):
                return _EXIT if block.control is not None else NOTHING
            bound = self._process.bound_calls.get(name) if snapshot.object_id is None else None
            target = bound or self._names.find_target(name, snapshot.object_id)
            args, kwargs = restore_enums(target.function, args, kwargs)
        except Exception as error:
            return write_failure(error, None)
        return self._make_call(snapshot, HostCall(target, args, kwargs), block)

    def _read_arguments(self, snapshot: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Read the arguments of a call."""
        out = self._crossing.out
        try:
            args, kwargs = snapshot.args, snapshot.kwargs
        except TypeError as error:
            raise TypeError(
                "objects of your own classes can't be keys of a dict or in a set outside of the "
                "sandbox: use data, as tuples"
            ) from error
        if snapshot.function_name in CONTROLS and snapshot.function_name != "task_success":
            # What is only looked at or said may be whatever prints.
            return (
                tuple(out(one, is_marked=True) for one in args),
                {name: out(one, is_marked=True) for name, one in kwargs.items()},
            )
        try:
            return tuple(out(one) for one in args), {key: out(kwargs[key]) for key in kwargs}
        except Doubt:
            by_place, by_name = arguments(snapshot.dump(), args, kwargs)
        return (
            tuple(out(one.mark_stand_ins(), is_marked=True) for one in by_place),
            {key: out(one.mark_stand_ins(), is_marked=True) for key, one in by_name.items()},
        )

    def _make_call(self, snapshot: Any, call: HostCall, block: _Running) -> dict[str, Any]:
        is_awaited = self._is_awaited(snapshot)
        return block.calls.make(
            snapshot.call_id, call, is_awaited=is_awaited, may_be_awaited=is_awaited or block.awaits
        )

    def _is_awaited(self, snapshot: Any) -> bool:
        """Whether the code awaits what a call gives right where it calls."""
        if snapshot.allow_eager_await:
            return True
        source, begin, end = self._process.find_place(snapshot.position)
        return source is not None and (begin, end) in source.awaited

    def _refusal(self, snapshot: Any, block: _Running) -> dict[str, Any] | None:
        """How a call is answered that may not be made any more: the block is over, or too long."""
        block.host_calls += 1
        if block.is_reading:
            return {"exc_type": "NameError"}
        if block.control is None and block.stopped is None:
            if block.host_calls <= self._limits.host_calls:
                return None
            block.stopped = (
                f"RuntimeError: the block called the host more than {self._limits.host_calls} times"
            )
        block.late_calls += 1
        if block.late_calls > _AFTER_THE_END:
            self._interruption.kill_process()
        elif block.stopped is None:
            source, begin, end = self._process.find_place(snapshot.position)
            if source is not None and any(
                first <= begin and end <= last for first, last in source.final
            ):
                # What a `finally` does belongs to the block, even when a control call ended it.
                return None
        return _EXIT

    def _of_the_sandbox(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], block: _Running
    ) -> bool:
        """Carry out the functions that belong to the sandbox itself."""
        if name in CONTROLS:
            if block.control is None:
                block.control = make_control(name, args, kwargs)
            return True
        if name == "view_image":
            (image,) = bind_arguments(name, ("image",), args, kwargs)
            if image is None or isinstance(image, (str, int, float, bool, list, tuple, dict, set)):
                raise TypeError(f"view_image needs an image, not {type(image).__name__}")
            block.printed.view(image)
            return True
        return False

    def _answer_name(self, snapshot: Any, block: _Running) -> Any:
        name = snapshot.variable_name
        if block.is_reading:
            return (
                partial(snapshot.resume, value=give_name(TELL)) if name == TELL else snapshot.resume
            )
        refusal = self._refusal(snapshot, block)
        if refusal is not None:
            return snapshot.resume
        if snapshot.object_id is None:
            found = self._find_name(name)
        else:
            try:
                found = self._names.find_attribute(snapshot.object_id, name)
            except Exception:
                found = ()
            if found and isinstance(found[0], Target):
                found = (self._process.bind_call(found[0]),)
        return partial(snapshot.resume, value=found[0]) if found else snapshot.resume

    def _find_name(self, name: str) -> tuple[Any, ...]:
        """Find what a name that the sandbox does not know means, in a tuple, empty if nothing."""
        if name in (*CONTROLS, "view_image", "on_host", CHANGE, REREAD):
            return (name_function(name),)
        found = self._names.find_opened(name)
        if found:
            return found
        return self._transfer.find_late(name)


class _Running:
    """What is known of the block that runs."""

    def __init__(self, printed: Printed, calls: Calls, *, is_reading: bool = False) -> None:
        self.printed = printed
        self.calls = calls
        self.is_reading = is_reading
        self.control: Control | None = None
        self.stopped: str | None = None
        self.host_calls = 0
        self.late_calls = 0
        self.slept = 0.0
        self.found: dict[str, Any] | None = {}
        self.awaits = False


_EXIT = {"exc_type": "SystemExit", "message": "the block has ended"}


def _short(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
