"""Imports on first use: of TensorFlow, which takes seconds, scipy, and what a package exports.

With these a system can be looked at (its settings, options and data) without TensorFlow.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any


class _Module:
    """Stands for a module, which is imported when an attribute is first asked for."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


if TYPE_CHECKING:
    import tensorflow as tf
    from scipy import ndimage
else:
    tf = _Module("tensorflow")
    ndimage = _Module("scipy.ndimage")


def function(module: str, name: str) -> Callable[..., Any]:
    """A function that is imported when it is first called.

    >>> function("math", "hypot")(3, 4)
    5.0
    """

    def call(*arguments: Any, **options: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*arguments, **options)

    call.__name__ = call.__qualname__ = name
    call.__module__ = module
    return call


def exports(package: str, names: Mapping[str, str]) -> tuple[Callable, Callable, list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of a package that imports what it exports when asked.

    Args:
        package: its name.
        names: exported name -> "module", or "module:attribute" of another name; modules are
            relative to the package.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = names[name].partition(":")
        found = importlib.import_module(f"{package}.{module}")
        return getattr(found, attribute) if attribute else found

    return get, lambda: sorted(names), sorted(names)
