"""Commission: who agreed on what from which day on; a rule never changes what was sold."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from time import monotonic
from uuid import UUID

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import NotFound, TooMany
from panier.kit.ids import new_id
from panier.markets.queries import FRESH_SECONDS, get_market
from panier.markets.rules import (
    COMMISSION_DEFAULT,
    RULES_MAX,
    FeeRule,
    check_fee,
    check_fee_end,
    find_fee,
)

Asked = tuple[str, str]
"""A seller's tier and a product's VAT category."""

COLUMNS = """
id, market, tier, category, basis_points, valid_from, valid_until, at, made_by, ended_by, ended_at
"""
LIVING = f"""
select {COLUMNS} from fee_rule
where market = %s and valid_from <= %s and (valid_until is null or valid_until > %s)
"""


async def find_commissions(
    tx: Tx, market: str, wanted: Iterable[Asked], day: date
) -> dict[Asked, int]:
    """Return the commission in basis points for each tier and category on the market's `day`.

    A market's rules are read through `tx` and then remembered for 5 s; they say what holds today
    from the day before, so that what is remembered is also true.
    """
    rules = await _remembered(tx, market, day)
    found = {}
    for tier, category in set(wanted):
        rule = find_fee(rules, tier, category, day)
        found[tier, category] = COMMISSION_DEFAULT if rule is None else rule.basis_points
    return found


async def get_highest_commission(tx: Tx, market: str, day: date) -> int:
    """Return the highest commission that anybody in `market` has agreed on from `day` on."""
    agreed = await value(
        tx,
        "select max(basis_points) from fee_rule where market = %s"
        " and (valid_until is null or valid_until > greatest(%s, valid_from))",
        (market, day),
    )
    return max(COMMISSION_DEFAULT, agreed or 0)


async def list_fee_rules(tx: Tx, market: str, limit: int = 2 * RULES_MAX) -> list[FeeRule]:
    """List all rules of a market, past ones too, the one that begins last first."""
    sql = f"select {COLUMNS} from fee_rule where market = %s order by valid_from desc, id desc"
    return await rows(tx, sql + " limit %s", (market, limit), FeeRule)


async def add_fee_rule(
    tx: Tx,
    *,
    market: str,
    tier: str | None,
    category: str | None,
    basis_points: int,
    valid_from: date,
    by: UUID,
) -> UUID:
    """Agree on a commission from a day to come, for a tier and category (None: all).

    An earlier rule for the same ones waits behind it. Raises BadInput, FeeTooEarly, TooMany.
    """
    today = (await get_market(tx, market)).day(now())
    check_fee(tier, category, basis_points, valid_from, today)
    standing = await value(
        tx,
        "select count(*) from fee_rule"
        " where market = %s and (valid_until is null or valid_until > %s)",
        (market, today),
    )
    if standing >= RULES_MAX:
        raise TooMany
    rule = new_id()
    await run(
        tx,
        "insert into fee_rule (id, market, tier, category, basis_points, valid_from, made_by, at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (rule, market, tier, category, basis_points, valid_from, by, now()),
    )
    _forget(tx)
    return rule


async def end_fee_rule(tx: Tx, market: str, rule: UUID, last_day: date, by: UUID) -> None:
    """Let a rule hold until the end of `last_day`; one that begins later never begins.

    Raises NotFound, FeeEndTooEarly, FeeRuleOver.
    """
    found = await find(
        tx,
        f"select {COLUMNS} from fee_rule where id = %s and market = %s for update",
        (rule, market),
        FeeRule,
    )
    if found is None:
        raise NotFound
    check_fee_end(found, last_day, (await get_market(tx, market)).day(now()))
    await run(
        tx,
        "update fee_rule set valid_until = greatest(valid_from, %s), ended_by = %s, ended_at = %s"
        " where id = %s",
        (last_day + timedelta(days=1), by, now(), rule),
    )
    _forget(tx)


async def _remembered(tx: Tx, market: str, day: date) -> Sequence[FeeRule]:
    memory = tx.cell.memory(_memory)
    known = memory.get((market, day))
    if known is None or known[0] < monotonic():
        if len(memory) >= RULES_MAX:
            memory.clear()
        found = await rows(tx, LIVING, (market, day, day), FeeRule)
        known = memory[market, day] = (monotonic() + FRESH_SECONDS, found)
    return known[1]


def _memory(_cell: Cell) -> dict[tuple[str, date], tuple[float, Sequence[FeeRule]]]:
    return {}


def _forget(tx: Tx) -> None:
    memory = tx.cell.memory(_memory)
    tx.after_commit(memory.clear)
