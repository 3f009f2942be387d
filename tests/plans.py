"""What a statement reads of the tables, as the database itself counts it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, LiteralString

from panier.kit.db import Tx, value


async def rows_read(
    tx: Tx, sql: LiteralString, given: Sequence[object] | Mapping[str, object]
) -> int:
    """Run a statement and return how many rows of tables it looked at, taken or not."""
    told = await value(tx, "explain (analyze, format json) " + sql, given)
    return _read(told[0]["Plan"])


def _read(plan: dict[str, Any]) -> int:
    rows = sum(_read(part) for part in plan.get("Plans", ()))
    if "Relation Name" in plan:
        rows += plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    return round(rows)


async def looks(
    tx: Tx, table: str, sql: LiteralString, given: Sequence[object] | Mapping[str, object]
) -> int:
    """Run a statement and return how many times it began to look into a table."""
    told = await value(tx, "explain (analyze, format json) " + sql, given)
    nodes = _nodes(told[0]["Plan"])
    return sum(int(node["Actual Loops"]) for node in nodes if node.get("Relation Name") == table)


async def indexes_used(
    tx: Tx, sql: LiteralString, given: Sequence[object] | Mapping[str, object]
) -> list[tuple[str, str]]:
    """List how a statement would use which indexes, if it could not read whole tables."""
    await tx.execute("set local enable_seqscan = off")
    await tx.execute("set local enable_bitmapscan = off")
    told = await value(tx, "explain (format json) " + sql, given)
    return [
        (node["Node Type"], node["Index Name"])
        for node in _nodes(told[0]["Plan"])
        if "Index Name" in node
    ]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
