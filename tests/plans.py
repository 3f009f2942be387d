"""What a statement reads of the tables, as the database itself counts it."""

from collections.abc import Mapping, Sequence
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
