"""What shapes of answers and bodies are made of, as JSON Schema 2020-12. Constants only.

Answers may gain fields, so they are open; bodies are closed, for a mistyped name is refused.
"""

from typing import Any

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
NUMBER: Shape = {"type": "number"}
COUNT: Shape = {"type": "integer", "minimum": 0}
UUID: Shape = {"type": "string", "format": "uuid"}
MOMENT: Shape = {"type": "string", "format": "date-time"}


def maybe(shape: Shape) -> Shape:
    if "type" in shape:
        return {**shape, "type": [shape["type"], "null"]}
    return {"oneOf": [shape, {"type": "null"}]}


def one_of(*values: str | None) -> Shape:
    return {"enum": list(values)}


def listing(shape: Shape, **more: Any) -> Shape:
    return {"type": "array", "items": shape, **more}


def ref(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def answer(**fields: Shape) -> Shape:
    """Every field is always there."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def body(required: tuple[str, ...], /, **fields: Shape) -> Shape:
    found: Shape = {"type": "object", "properties": fields, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def text(longest: int, *, least: int = 1, **more: Any) -> Shape:
    return {"type": "string", "minLength": least, "maxLength": longest, **more}


def number(low: int, high: int, **more: Any) -> Shape:
    return {"type": "integer", "minimum": low, "maximum": high, **more}


STATUSES = ("pending", "running", "completed", "failed", "cancelled")
VALIDATIONS = ("unchecked", "good", "partial", "proven", "corrupt", "missing")
LEVELS = ("checksum", "content", "restore")
TLS_MODES = ("disable", "prefer", "require", "verify-full")
RETENTION = ("last", "days", "hourly", "daily", "weekly", "monthly", "yearly")
LARGEST = 2**31 - 1

NAMED = answer(id=UUID, name=TEXT)
COMPANY = answer(id={"type": "integer"}, name=TEXT)
WHERE = text(100, description="Id or name.")
WHOSE = text(200, description="Id or name; needed where you manage several companies.")


def page(shape: str) -> Shape:
    """`next` and `previous` are addresses; a count that would read every row is null."""
    return answer(
        results=listing(ref(shape)),
        next=maybe({"type": "string", "format": "uri"}),
        previous=maybe({"type": "string", "format": "uri"}),
        count=maybe(COUNT),
    )


_PROBLEM = answer(type=TEXT, title=TEXT, status={"type": "integer"}, code=TEXT, detail=TEXT)
_PROBLEM["properties"].update(
    option={**TEXT, "description": "Which parameter or option cannot be used."},
    cure={**TEXT, "description": "What to do."},
    errors={"type": "object", "description": "Sentences by the field's name."},
)

SHAPES: dict[str, Shape] = {
    "Problem": _PROBLEM,
    "Worked": answer(ok={"const": True}),
    "Description": answer(
        openapi={"const": "3.1.0"},
        info={"type": "object"},
        paths={"type": "object"},
        components={"type": "object"},
    ),
}
