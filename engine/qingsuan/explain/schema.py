"""The JSON Schema of an explanation, made of the classes of its document: what they say is what the schema says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from qingsuan.explain.document import VERSION, Explanation

__all__ = ["schema"]


def schema() -> dict[str, Any]:
    """The schema, as ``docs/explain.schema.json`` has it."""
    classes: dict[str, Any] = {}
    root = _of(Explanation, classes)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:qingsuan:explain:{VERSION}",
        "title": f"Explanation of a settlement of benefits (待遇结算), version {VERSION}",
        **root,
        "$defs": dict(sorted(classes.items())),
    }


def _of(kind: Any, classes: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; classes are put aside under their names."""
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in classes:
            classes[kind.__name__] = {}
            classes[kind.__name__] = _of_class(kind, classes)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    found, arguments = get_origin(kind), get_args(kind)
    if found is Literal:
        return {"enum": list(arguments)}
    if found is UnionType:
        return {"anyOf": [_of(one, classes) for one in arguments]}
    if found is tuple:
        return {"type": "array", "items": _of(arguments[0], classes)}
    if found is not None and issubclass(found, Mapping):
        return {"type": "object", "additionalProperties": _of(arguments[1], classes)}
    return {"type": {str: "string", int: "integer", bool: "boolean", NoneType: "null"}[kind]}


def _of_class(kind: type, classes: dict[str, Any]) -> dict[str, Any]:
    text = inspect.getdoc(kind) or ""
    said = dict(re.findall(r"^(\w+) : (.+)$", text, re.MULTILINE))
    types = get_type_hints(kind)
    names = [one.name for one in fields(kind)]
    return {
        "description": text.splitlines()[0],
        "type": "object",
        "properties": {name: {**_of(types[name], classes), "description": said[name]} for name in names},
        "required": names,
    }
