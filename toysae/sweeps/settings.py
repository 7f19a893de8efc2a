"""What a point is called with: grids of settings, completed and checked before anything is computed."""

from __future__ import annotations

import inspect
import itertools
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

Setting = dict[str, Any]
Point = Callable[..., Any]


def grid(**axes: Any) -> list[Setting]:
    """Every combination of the values of the axes, the first axis slowest.

    A list, range or array is an axis; anything else is an axis of one value. To hand a whole list on to the point, put
    it in a list: seed=[range(64)].
    """
    values = {name: _axis(name, axis) for name, axis in axes.items()}
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def complete(point: Point, settings: Iterable[Setting]) -> list[Setting]:
    """The settings with the point's defaults, as plain JSON values. Raises ValueError for what cannot be."""
    completed = [_completed(point, number, setting) for number, setting in enumerate(settings)]
    if not completed:
        raise ValueError("settings is empty: allowed is at least one setting")
    seen: dict[str, int] = {}
    for number, setting in enumerate(completed):
        first = seen.setdefault(json.dumps(setting), number)
        if first != number:
            raise ValueError(f"settings[{number}] is {setting}, the same as settings[{first}]: allowed is each once")
    return completed


def plain(value: Any) -> Any:
    """Arrays, tensors, tables, tuples and ranges as lists; numpy's numbers as Python's."""
    if hasattr(value, "to_dict"):
        return plain(value.to_dict("records"))
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple | range) else value


def point_name(point: Point) -> str:
    """The name by which a worker finds the point."""
    return f"{point.__module__}.{point.__qualname__}"


def require_importable(point: Point) -> None:
    """Raises ValueError unless another process can find the point by its name."""
    name, module = getattr(point, "__qualname__", repr(point)), getattr(point, "__module__", "__main__")
    holder = None if module == "__main__" else sys.modules.get(module)
    if getattr(holder, name, None) is not point:
        raise ValueError(f"point is {name}: allowed is a function of a module, found by its name (a notebook is none)")


def _completed(point: Point, number: int, setting: Setting) -> Setting:
    signature = inspect.signature(point)
    try:
        bound = signature.bind(**setting)
    except TypeError as problem:
        raise ValueError(f"settings[{number}] is {setting}: {problem}; allowed is {signature}") from None
    bound.apply_defaults()
    everything: Setting = {}
    for name, value in bound.arguments.items():
        catches_all = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        everything |= dict(sorted(value.items())) if catches_all else {name: value}
    return {name: _checked(f"settings[{number}][{name!r}]", value) for name, value in everything.items()}


def _checked(name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(plain(value), allow_nan=False))
    except (TypeError, ValueError):
        allowed = "finite numbers, strings, booleans, None, and lists and dicts of them"
        raise ValueError(f"{name} is {value!r}: allowed are {allowed}") from None


def _axis(name: str, values: Any) -> list:
    values = plain(values)
    if values == []:
        raise ValueError(f"{name} is []: allowed is at least one value")
    return values if isinstance(values, list) else [values]
