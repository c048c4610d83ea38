"""The front end's types are those of the API: neither can change without the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import msgspec.inspect as kinds

from steve.monitor.shapes import asked, jobs, whole

TYPESCRIPT = Path(__file__).parents[2] / "web" / "src" / "api" / "shapes.ts"
STRUCTS = {
    name: value
    for module in (jobs, whole, asked)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, msgspec.Struct) and name != "Struct"
}


def test_the_front_end_expects_no_shape_that_there_is_not() -> None:
    assert len(interfaces()) > 20
    assert set(interfaces()) - set(STRUCTS) == set()


def test_shapes_have_the_same_fields_on_both_sides() -> None:
    for name, fields in interfaces().items():
        info = kinds.type_info(STRUCTS[name])
        assert isinstance(info, kinds.StructType)
        there = {field.encode_name: in_typescript(field.type) for field in info.fields}
        assert (name, fields) == (name, there)


def interfaces() -> dict[str, dict[str, str]]:
    """Read the interfaces, with their types spelled in full."""
    source = TYPESCRIPT.read_text()
    aliases = dict(re.findall(r"export type (\w+) =\s*([^;]+);", source))
    found = re.findall(r"export interface (\w+) {([^}]*)}", source)
    return {
        name: {
            field: spelled_out(type_, aliases)
            for field, type_ in re.findall(r"(\w+): ([^;]+);", body)
        }
        for name, body in found
    }


def spelled_out(type_: str, aliases: dict[str, str]) -> str:
    for alias, meaning in aliases.items():
        grouped = f"({meaning})" if f"{alias}[]" in type_ else meaning
        type_ = re.sub(rf"\b{alias}\b", grouped, type_)
    return sorted_union(type_)


def in_typescript(type_: Any) -> str:
    if isinstance(type_, kinds.UnionType):
        return sorted_union(" | ".join(in_typescript(each) for each in type_.types))
    if isinstance(type_, kinds.ListType):
        item = in_typescript(type_.item_type)
        return f"({item})[]" if "|" in item else f"{item}[]"
    if isinstance(type_, kinds.LiteralType):
        return sorted_union(" | ".join(f'"{value}"' for value in type_.values))
    if isinstance(type_, kinds.StructType):
        return type_.cls.__name__
    names: dict[type, str] = {
        kinds.BoolType: "boolean",
        kinds.DateTimeType: "string",
        kinds.FloatType: "number",
        kinds.IntType: "number",
        kinds.NoneType: "null",
        kinds.StrType: "string",
        kinds.UUIDType: "string",
    }
    return names[type(type_)]


def sorted_union(type_: str) -> str:
    """Put the members of a union in order, as no side owes the other one."""
    inner = re.fullmatch(r"\s*\((.*)\)\[\]\s*", type_, re.DOTALL)
    members = sorted(part.strip() for part in (inner[1] if inner else type_).split("|"))
    union = " | ".join(member for member in members if member)
    return f"({union})[]" if inner else union
