"""`Agent`: a model with a sandbox, which stands in for the bodies of functions."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

from xpander_client.agents.bridges.sub_agents import wrap_sub_agent
from xpander_client.agents.console import pprint_events, pprint_tokens
from xpander_client.agents.contract.contract import FUNCTION_MARK
from xpander_client.agents.contract.decorator import (
    AgentTask,
    TaskDecorator,
    find_runner,
    make_decorator,
)
from xpander_client.agents.loop import prompt
from xpander_client.agents.run.call import AgentSetup
from xpander_client.agents.run.runner import LocalRunner
from xpander_client.agents.sandbox.capabilities import (
    Capabilities,
    MemberSpec,
    Patterns,
    Visibility,
)
from xpander_client.agents.sandbox.results import Limits
from xpander_client.agents.sandbox.session import Sandbox
from xpander_client.agents.state.config import StateConfig, connect_state
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.types.reserved_names import RESERVED
from xpander_client.errors import ArgumentError
from xpander_client.lacking import refuse_attributes, refuse_keywords

if TYPE_CHECKING:
    from xpander_client.agents.bridges.remote import RemoteAgent
    from xpander_client.agents.llm.models import LLM
    from xpander_client.background import Plugin
    from xpander_client.background.sandbox_methods import SandboxMethod
    from xpander_client.configuration import Configuration
    from xpander_client.worker.attempts.handler import HandlerFunction

# Users import the printers from here, beside `Agent`.
__all__ = ["Agent", "pprint_events", "pprint_tokens"]

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)


class Agent:
    """Supplies the bodies of functions: a model writes code, and a sandbox runs it.

    Two other classes have the name: `xpander_client.Agent` is what the platform says of an agent
    (`Agent.remote` has one of those do tasks), and `xpander_client.legacy.Agent` drives the loop of
    one in a script.

    Each call of a task is a conversation with the model, over at most `max_iterations` blocks of
    code. Code can do nothing but what the agent has opened with `fn`, `cls`, `module` and `plug`.

    Args:
        primer: What the model should know besides the task.
        eval_timeout_seconds: How long a block of code may run, in seconds.
        max_iterations: How many blocks a call may take.
        name: What it is called in events, and whose variables those of a session are. Without one,
            events have a made-up name; such agents have a session's variables in common where they
            have a state in common.
        capabilities_primer: A text that describes to the model what it can use, instead of the list
            that is made of what was opened.
        llm: The model, from `connect_llm`. Without one, the environment names it, when it is first
            asked.
        llm_max_retries: How often a request to the model is repeated that fails.
        state: What sessions remember, from `connect_state`; nothing without it.
        system_primer: What the model is told of how to work, instead of the built-in text.
        max_memory_mb: How much memory code may take, in MiB.
        max_host_calls: How often a block may call what was opened.

    Raises:
        ArgumentError: One of these is out of bounds; it is a `ValueError`, too.
        TypeError: There is no such argument. Of those that other packages have for it, the message
            says what holds instead; None, which asks for nothing, is taken.

    Example:
        >>> from xpander_client.agents import scripted
        >>> agent = Agent(name="calculator", llm=scripted(["task_success(inputs.x * 2)"]))
        >>> @agent.task
        ... def double(x: int) -> int:
        ...     '''Double a number.'''
        ...     raise NotImplementedError
        >>> double(21)
        42
    """

    def __init__(
        self,
        primer: str | None = None,
        eval_timeout_seconds: float = 5.0,
        max_iterations: int = 10,
        name: str | None = None,
        capabilities_primer: str | None = None,
        llm: LLM | None = None,
        llm_max_retries: int = 2,
        state: StateConfig | None = None,
        *,
        system_primer: str | None = None,
        max_memory_mb: int = 256,
        max_host_calls: int = 10_000,
        **lacking: None,
    ) -> None:
        refuse_keywords("Agent", lacking)
        if name is not None and (not name or "/" in name):
            raise ArgumentError(f"name must be a text without slashes, not {name!r}")
        _at_least(1, max_iterations=max_iterations, max_memory_mb=max_memory_mb)
        _at_least(0, llm_max_retries=llm_max_retries, max_host_calls=max_host_calls)
        if isinstance(eval_timeout_seconds, bool) or not eval_timeout_seconds > 0:
            raise ArgumentError(
                f"eval_timeout_seconds must be more than 0, not {eval_timeout_seconds!r}"
            )
        self.name = name or f"agent_{secrets.token_hex(4)}"
        self.primer = primer
        self.capabilities_primer = capabilities_primer
        self.max_iterations = max_iterations
        self.llm_max_retries = llm_max_retries
        self.capabilities = Capabilities()
        """What its code may use."""
        self.limits = Limits(
            seconds=float(eval_timeout_seconds),
            memory=max_memory_mb * 1024 * 1024,
            host_calls=max_host_calls,
        )
        self.sandbox = Sandbox()
        self.state_config = connect_state() if state is None else state
        if isinstance(self.state_config.init, Mapping):
            self.capabilities.variables = frozenset(self.state_config.init)
        self._state_name = name or ""
        self._llm = llm
        self._system_primer = system_primer
        self._system: tuple[tuple[Any, ...], str] = ((), "")
        self._runner = LocalRunner(self._setup)
        self._tasks: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<agents.Agent {self.name!r}>"

    @property
    def eval_timeout_seconds(self) -> float:
        """How long a block of code may run, in seconds."""
        return self.limits.seconds

    @overload
    def task(self, function: Callable[P, R], /) -> AgentTask[P, R]: ...
    @overload
    def task(
        self,
        primer: str | None = None,
        /,
        *,
        setup: str | None = None,
        on_conflict: Literal["retry", "abandon"] = "retry",
        max_conflict_retries: int = 3,
    ) -> TaskDecorator: ...
    @overload
    def task(
        self,
        /,
        *,
        primer: str,
        setup: str | None = None,
        on_conflict: Literal["retry", "abandon"] = "retry",
        max_conflict_retries: int = 3,
    ) -> TaskDecorator: ...

    def task(
        self,
        primer_or_function: Any = None,
        /,
        *,
        primer: str | None = None,
        setup: str | None = None,
        on_conflict: Literal["retry", "abandon"] = "retry",
        max_conflict_retries: int = 3,
    ) -> Any:
        """Supply the body of a function: with `@agent.task`, or `@agent.task("what to do")`.

        The function's own body must be empty: `raise NotImplementedError`, which type checkers
        accept where a result is promised, or a docstring, `pass` or `...` alone. What the agent is
        to do is said by the primer, or else by the docstring. Calls are validated against the
        annotations, and so is the result. Three keyword parameters are added: `session`, `on_event`
        and `on_token`.

        Args:
            primer_or_function: The function, or the primer.
            primer: What the agent is to do.
            setup: Code that is run before the model is first asked, with its output shown.
            on_conflict: What happens when another call of the session changed the same variables:
                `retry` runs the task again, `abandon` returns None.
            max_conflict_retries: How often it is run again before that is a `ConcurrencyError`.

        Raises:
            ArgumentError: The function can't be a task, or an argument is wrong; it is a
                `ValueError`, too.

        What calls raise:
            TaskFail, TaskClarify: The agent gave up, or asks something.
            TaskTimeout: It used up its turns.
            TaskCancelled: Somebody called the task's `cancel`.
            LLMFail: The model gave no usable answer.
            ConcurrencyError: Other calls were faster, each time.
            ArgumentError: An argument is not of its type.
        """
        is_primer = primer_or_function is None or isinstance(primer_or_function, str)
        decorate = make_decorator(
            self._runner,
            self.name,
            primer if primer is not None or not is_primer else primer_or_function,
            setup=setup,
            on_conflict=on_conflict,
            max_conflict_retries=max_conflict_retries,
        )

        def keep(function: Any) -> Any:
            made: Any = decorate(function)
            opened = self.capabilities
            made.contract.refuse_unreachable_result(
                is_closed=not (opened.functions or opened.classes or opened.modules)
            )
            self._tasks[made.__name__] = made
            return made

        return keep if is_primer else keep(primer_or_function)

    @overload
    def fn(
        self,
        function: F,
        /,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        docstring: str | None = None,
        host_fs_access: Literal[True] = True,
        network_access: Literal[True] = True,
    ) -> F: ...
    @overload
    def fn(
        self,
        /,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        docstring: str | None = None,
        host_fs_access: Literal[True] = True,
        network_access: Literal[True] = True,
    ) -> Callable[[F], F]: ...

    def fn(
        self,
        function: Any = None,
        /,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        docstring: str | None = None,
        host_fs_access: Literal[True] = True,
        network_access: Literal[True] = True,
    ) -> Any:
        """Have agent code call a function of yours; the function itself comes back unchanged.

        It may be another agent's task. Async functions are only for async tasks. Of a function with
        `visibility` "high" the model sees signature and docstring, with "medium" the signature, and
        with "low" nothing: something else has to tell of it.

        What is opened runs in this process, with its files and its network: `host_fs_access` and
        `network_access` say so, here as for `cls` and `module`.

        Raises:
            ArgumentError: The name can't be used, it is a task of this agent, or an access is to be
                denied.
        """
        _check_access(host_fs_access=host_fs_access, network_access=network_access)

        def register(function: Any) -> Any:
            runner, opened = find_runner(function), function
            if runner is self._runner:
                raise ArgumentError(
                    f"Cannot register '{function.__name__}' as a capability on the same agent "
                    "that owns it as a task."
                )
            if runner is not None:
                opened = wrap_sub_agent(function.contract, runner)
            self.capabilities.add_function(
                opened,
                name=name or getattr(function, "__name__", None),
                visibility=visibility,
                docstring=docstring,
            )
            owners = [*getattr(function, FUNCTION_MARK, ()), self.name]
            # Not all callables take attributes; those can't become tasks either.
            with contextlib.suppress(AttributeError, TypeError):
                setattr(function, FUNCTION_MARK, owners)
            return function

        return register if function is None else register(function)

    @overload
    def cls(
        self,
        cls: C,
        /,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        constructable: bool = True,
        include: Patterns = "*",
        exclude: Patterns = "_*",
        configure: Mapping[str, MemberSpec] | None = None,
        host_fs_access: Literal[True] = True,
        network_access: Literal[True] = True,
    ) -> C: ...
    @overload
    def cls(
        self,
        /,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        constructable: bool = True,
        include: Patterns = "*",
        exclude: Patterns = "_*",
        configure: Mapping[str, MemberSpec] | None = None,
        host_fs_access: Literal[True] = True,
        network_access: Literal[True] = True,
    ) -> Callable[[C], C]: ...

    def cls(
        self,
        cls: Any = None,
        /,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        constructable: bool = True,
        include: Patterns = "*",
        exclude: Patterns = "_*",
        configure: Mapping[str, MemberSpec] | None = None,
        host_fs_access: Literal[True] = True,
        network_access: Literal[True] = True,
    ) -> Any:
        """Have agent code use objects of a class, and make some unless told otherwise.

        `include` and `exclude` are names or glob patterns of members, or functions that tell by a
        name whether it is meant; `configure` says what holds for single ones. Methods run on the
        host.

        Raises:
            ArgumentError: It is no class, the name can't be used, or an access is to be denied.
        """
        _check_access(host_fs_access=host_fs_access, network_access=network_access)

        def register(cls: Any) -> Any:
            self.capabilities.add_class(
                cls,
                name=name,
                visibility=visibility,
                constructable=constructable,
                include=include,
                exclude=exclude,
                configure=configure,
            )
            return cls

        return register if cls is None else register(cls)

    def module(
        self,
        target: Any,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        include: Patterns = "*",
        exclude: Patterns = ("_*", "*._*"),
        configure: Mapping[str, MemberSpec] | None = None,
        exception_mappings: Mapping[type[BaseException], type[BaseException]] | None = None,
        recursive: bool = False,
        host_fs_access: Literal[True] = True,
        network_access: Literal[True] = True,
    ) -> None:
        """Have agent code import a module, or use an object of yours under `name`.

        `include` and `exclude` are names or glob patterns of members, or functions that tell by a
        name whether it is meant, with dots for members of classes and submodules; the latter are
        open with `recursive`.

        Raises:
            TypeError: An object without a name, or with `recursive`.
            ArgumentError: The name can't be used, or an access is to be denied.
        """
        _check_access(host_fs_access=host_fs_access, network_access=network_access)
        self.capabilities.add_module(
            target,
            name=name,
            visibility=visibility,
            include=include,
            exclude=exclude,
            configure=configure,
            exception_mappings=exception_mappings,
            recursive=recursive,
        )

    def plug(self, plugin: Plugin, *, visibility: Visibility = "high") -> None:
        """Have agent code call a plugin's sandbox methods.

        Code calls each by the name that it was mounted with, where that can be one in code, and by
        the function's own. What they get as context has the call's session as its `chat_key`.

        Raises:
            ArgumentError: One of the names can't be used, or two methods have the same.
        """
        from xpander_client.agents.bridges.plugins import make_function

        names: dict[str, SandboxMethod] = {}
        for method in plugin.sandbox_methods.values():
            other = names.setdefault(method.code_names[0], method)
            if other is not method:
                raise ArgumentError(
                    f"code would call {other.name!r} and {method.name!r} of plugin "
                    f"{plugin.module_name!r} by the same name, {method.code_names[0]!r}"
                )
        for method in plugin.sandbox_methods.values():
            first, *others = method.code_names
            # One name is enough to be told of, and what has a name already keeps it.
            taken = {*names, *RESERVED, *self.capabilities.functions}
            shown: dict[str, Visibility] = {first: visibility}
            shown |= dict.fromkeys((other for other in others if other not in taken), "low")
            for each, seen in shown.items():
                self.capabilities.add_function(
                    make_function(plugin, method, each),
                    name=each,
                    visibility=seen,
                    docstring=method.description,
                )

    def state(self, session: str = "default") -> Session:
        """Return a session by its name: what it remembers (variables, history, events), and
        `revert`.

        Raises:
            ValueError: A session can't have that name.
        """
        return self.state_config.session(session, self._state_name)

    def as_handler(self, task: str, *, tokens: bool = False) -> HandlerFunction:
        """Make a handler for `on_task` that has the task of this name do the platform's tasks.

        The arguments are the task's input: a JSON object with them, or a text for a task with one
        parameter. The platform's conversation is the session. The events go to the platform, and
        with `tokens` the pieces of the model's answers, too.

        Raises:
            ArgumentError: The agent has no such task; it is a `ValueError`, too.
        """
        from xpander_client.agents.bridges.worker_handler import make_handler

        if task not in self._tasks:
            known = ", ".join(sorted(self._tasks)) or "none"
            raise ArgumentError(f"agent {self.name} has no task {task!r}; it has {known}")
        return make_handler(self._tasks[task].contract, self._runner, tokens=tokens)

    @staticmethod
    def remote(agent_id: str, configuration: Configuration | None = None) -> RemoteAgent:
        """Return an agent of the platform, whose tasks are defined in the same way.

        Each call is a task on the platform, which the configuration leads to.
        """
        from xpander_client.agents.bridges.remote import RemoteAgent

        return RemoteAgent(agent_id, configuration)

    def _setup(self) -> AgentSetup:
        return AgentSetup(
            name=self.name,
            llm=self.require_llm,
            system_text=self.system_text,
            capabilities=self.capabilities,
            limits=self.limits,
            sandbox=self.sandbox,
            state_config=self.state_config,
            session=self.state,
            max_iterations=self.max_iterations,
            llm_max_retries=self.llm_max_retries,
        )

    def require_llm(self) -> LLM:
        """Return the model.

        Raises:
            ConfigurationError: There is none, here or in the environment.
        """
        if self._llm is None:
            from xpander_client.agents.llm.models import connect_llm

            self._llm = connect_llm()
        return self._llm

    def system_text(self) -> str:
        """Return what the model is told before any task."""
        made_of, text = self._system
        primers = (self.primer, self.capabilities_primer)
        if made_of != (self.capabilities.changes, *primers):
            made_of = (self.capabilities.changes, *primers)
            resources = self.capabilities_primer
            if resources is None:
                from xpander_client.agents.sandbox.stubs import describe_capabilities

                resources = describe_capabilities(self.capabilities)
            text = prompt.write_system(self._system_primer, resources, self.primer)
            self._system = (made_of, text)
        return text


refuse_attributes(Agent, "clone_registrations", "dependencies", "fingerprint", "run_task", "warmup")


def _check_access(**access: bool) -> None:
    for name, is_given in access.items():
        if is_given is not True:
            raise ArgumentError(
                f"{name} can't be {is_given!r}: what is opened runs in this process, where it may "
                "do what the process may"
            )


def _at_least(least: int, **values: Any) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ArgumentError(f"{name} must be {least} or a larger int, not {value!r}")
