"""What functions take, whatever their annotations name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

# From Python 3.14 on annotations are evaluated when somebody asks for them. One that names what is
# only there for type checkers would raise NameError then: it is left as a reference instead.
if sys.version_info >= (3, 14):
    from annotationlib import Format, get_annotations

    def read_signature(function: Callable[..., Any]) -> inspect.Signature:
        """Return the parameters of a function; its annotations need not be there at run time.

        Raises:
            TypeError: it is no function.
            ValueError: of a function that is not written in Python nothing may be known.
        """
        return inspect.signature(function, annotation_format=Format.FORWARDREF)

    def read_annotations(owner: Any) -> dict[str, Any]:
        """Return the annotations of a function or of a class, as they stand there."""
        return get_annotations(owner, format=Format.FORWARDREF)

else:

    def read_signature(function: Callable[..., Any]) -> inspect.Signature:
        """Return the parameters of a function; its annotations need not be there at run time.

        Raises:
            TypeError: it is no function.
            ValueError: of a function that is not written in Python nothing may be known.
        """
        return inspect.signature(function)

    def read_annotations(owner: Any) -> dict[str, Any]:
        """Return the annotations of a function or of a class, as they stand there."""
        return inspect.get_annotations(owner)
