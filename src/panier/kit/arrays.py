"""Columns of a hot statement: arrays in PostgreSQL's binary form, packed in one go.

psycopg looks at every element to find its type; where a statement is given thousands of rows a
second as arrays (`unnest`), that costs more than the rows. Each class here is a list that says its
element type by its name; None is NULL. The form is that of array_send (PostgreSQL's arrayfuncs.c):
dimensions, a flag for NULLs, the element's oid, length, lower bound, then each element behind its
own length.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NULL = b"\xff\xff\xff\xff"


class Uuids(list["UUID | None"]):
    """A column of uuid[]."""


class Texts(list["str | None"]):
    """A column of text[]."""


class Smalls(list["int | None"]):
    """A column of int2[]."""


class Ints(list["int | None"]):
    """A column of int4[]."""


class Bigs(list["int | None"]):
    """A column of int8[]."""


class Bools(list["bool | None"]):
    """A column of bool[]."""


class Moments(list["datetime | None"]):
    """A column of timestamptz[], from aware moments."""


class Jsons(list["bytes | None"]):
    """A column of jsonb[], from JSON already encoded."""


Kinds = Sequence[type[list[Any]]]
"""The kinds of a statement's columns."""


def columns(table: Sequence[tuple[object, ...]], kinds: Kinds) -> list[list[Any]]:
    """Turn rows into packed columns of these kinds, in their order."""
    if not table:
        return [kind() for kind in kinds]
    return [kind(column) for kind, column in zip(kinds, zip(*table, strict=True), strict=True)]


_uuid_length = struct.pack("!i", 16)
_pack_length = struct.Struct("!i").pack
_pack_small = struct.Struct("!ih").pack
_pack_int = struct.Struct("!ii").pack
_pack_big = struct.Struct("!iq").pack
_pack_bool = struct.Struct("!i?").pack


def _uuid(value: UUID) -> bytes:
    return _uuid_length + value.int.to_bytes(16, "big")


def _text(value: str) -> bytes:
    encoded = value.encode()
    if b"\0" in encoded:
        message = "PostgreSQL text cannot hold a NUL"
        raise psycopg.DataError(message)
    return _pack_length(len(encoded)) + encoded


def _small(value: int) -> bytes:
    return _pack_small(2, value)


def _int(value: int) -> bytes:
    return _pack_int(4, value)


def _big(value: int) -> bytes:
    return _pack_big(8, value)


def _bool(value: bool) -> bytes:  # noqa: FBT001 - one of a column
    return _pack_bool(1, value)


def _moment(value: datetime) -> bytes:
    since = value - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _pack_big(8, microseconds)


def _json(value: bytes) -> bytes:
    return _pack_length(len(value) + 1) + b"\x01" + value  # 1: the version of jsonb's form


def _register(kind: type[list[Any]], name: str, pack: Callable[[Any], bytes]) -> None:
    element = psycopg.adapters.types[name]

    class ColumnDumper(Dumper):
        oid = element.array_oid
        format = Format.BINARY

        def dump(self, obj: list[Any]) -> Buffer:
            if not obj:
                return struct.pack("!iiI", 0, 0, element.oid)
            try:
                items = [_NULL if value is None else pack(value) for value in obj]
            except struct.error as error:
                raise psycopg.DataError(str(error)) from None
            return struct.pack("!iiIii", 1, 1, element.oid, len(obj), 1) + b"".join(items)

    psycopg.adapters.register_dumper(kind, ColumnDumper)


_register(Uuids, "uuid", _uuid)
_register(Texts, "text", _text)
_register(Smalls, "int2", _small)
_register(Ints, "int4", _int)
_register(Bigs, "int8", _big)
_register(Bools, "bool", _bool)
_register(Moments, "timestamptz", _moment)
_register(Jsons, "jsonb", _json)
