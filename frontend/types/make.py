"""Write the description of the API and the TypeScript types made from it.

``python frontend/types/make.py`` writes ``openapi.json`` and ``api.ts`` beside this file;
a test compares both with the application.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from agglo.observatory.api import Settings
from agglo.observatory.api.application import build

HERE = Path(__file__).resolve().parent
_HEAD = (
    "// Made from openapi.json by make.py; do not edit. Shapes of the JSON API.\n"
    "/* eslint-disable */\n"
)
_PLAIN = {"integer": "number", "number": "number", "string": "string",
          "boolean": "boolean", "null": "null"}  # fmt: skip


def description() -> dict:
    """Describe the application of the owner's desk; it needs no project for that."""
    return build(Path(), Settings())[1].openapi()


def description_text(whole: Mapping) -> str:
    """Write the description so that a change is a short difference."""
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def types_text(whole: Mapping) -> str:
    """Write one interface per shape, in the order of their names."""
    parts = whole["components"]["schemas"]
    return _HEAD + "".join(_interface(name, parts[name]) for name in sorted(parts))


def _interface(name: str, shape: Mapping) -> str:
    needed = set(shape.get("required", ()))
    lines = [
        f"  {field}{'' if field in needed else '?'}: {_type(inner)};"
        for field, inner in shape["properties"].items()
    ]
    said = " ".join(str(shape.get("description", name)).split())
    body = "\n".join(lines)
    return f"\n/** {said} */\nexport interface {name} {{\n{body}\n}}\n"


def _type(shape: Mapping) -> str:
    if "$ref" in shape:
        return shape["$ref"].rpartition("/")[2]
    if "enum" in shape or "const" in shape:
        values = shape.get("enum", [shape.get("const")])
        return " | ".join(json.dumps(value) for value in values)
    if "anyOf" in shape:
        return " | ".join(dict.fromkeys(_type(inner) for inner in shape["anyOf"]))
    return _single(shape)


def _single(shape: Mapping) -> str:
    kind = shape.get("type")
    if kind == "array":
        inner = _type(shape["items"])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        more = shape.get("additionalProperties")
        return (
            f"Record<string, {_type(more) if isinstance(more, Mapping) else 'unknown'}>"
        )
    return _PLAIN.get(str(kind), "unknown")


def main() -> None:
    """Write both files."""
    whole = description()
    for name, text in (
        ("openapi.json", description_text(whole)),
        ("api.ts", types_text(whole)),
    ):
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
