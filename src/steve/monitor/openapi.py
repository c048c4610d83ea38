"""The description of the API, made from its endpoints and shapes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from steve.core.version import version
from steve.monitor.api.endpoint import Endpoint
from steve.monitor.shapes.whole import Problem

_REFERENCE = "#/components/schemas/{name}"
_REFUSALS = {
    400: "What was asked makes no sense.",
    401: "Nobody knows who asks.",
    403: "Who asks may not do this, or the request comes from elsewhere.",
    404: "There is no such thing.",
    409: "It cannot be done as things are.",
    413: "The body is too long.",
    415: "The body is not said to be JSON.",
    503: "The database gives no answer.",
}
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_ANYTHING: dict[str, Any] = {"schema": {}}


def describe(endpoints: Sequence[Endpoint], title: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    shapes = [Problem]
    for endpoint in endpoints:
        shapes += [shape for shape in (endpoint.answer, endpoint.body) if shape is not None]
    _, components = msgspec.json.schema_components(shapes, ref_template=_REFERENCE)
    for component in components.values():
        _unwrap(component)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version()},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    words = " ".join((inspect.getdoc(endpoint.handle) or "").split())
    operation: dict[str, Any] = {
        "operationId": getattr(endpoint.handle, "__name__", endpoint.path),
        "summary": words.partition(". ")[0].rstrip("."),
        "description": words,
        "parameters": [*_in_path(endpoint.path), *_in_query(endpoint.query)],
        "responses": _responses(endpoint),
    }
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(endpoint.body)}
    return operation


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any]
    if endpoint.answer is not None:
        content = _json(endpoint.answer)
    else:
        content = {endpoint.media: _ANYTHING if endpoint.media == "application/json" else _TEXT}
    responses: dict[str, Any] = {"200": {"description": "The answer.", "content": content}}
    for status, why in _REFUSALS.items():
        if endpoint.method == "POST" or status not in {409, 413, 415}:
            responses[str(status)] = {"description": why, "content": _json(Problem)}
    return responses


def _json(shape: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(name=shape.__name__)}}}


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "uuid"},
        }
        for name in re.findall(r"\{(\w+):uuid\}", path)
    ]


def _in_query(shape: type[msgspec.Struct]) -> list[dict[str, Any]]:
    (_, components) = msgspec.json.schema_components([shape], ref_template=_REFERENCE)
    fields = components[shape.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _given(schema)}
        for name, schema in fields.items()
    ]


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is None is left out, and cannot be given as null."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return options[0] if len(options) == 1 else schema


def _unwrap(component: dict[str, Any]) -> None:
    """Undo the line breaks of docstrings."""
    if "description" in component:
        component["description"] = " ".join(component["description"].split())
