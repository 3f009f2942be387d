"""Which commission holds: the most specific rule, on its day, and never for what was sold."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from panier import markets
from panier.kit.cells import Cell
from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
from panier.markets import FeeRule, Tier, find_fee

NEW_YEAR = date(2026, 1, 1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 22)
BY = UUID(int=7)


@pytest.fixture
def _noon() -> Iterator[None]:
    """Stop the calendar at 21 November 2026."""
    with time_machine.travel(NOON, tick=True):
        yield


def rule(  # noqa: PLR0917 - a row of the tables below
    basis_points: int,
    tier: str | None = None,
    category: str | None = None,
    valid_from: date = NEW_YEAR,
    valid_until: date | None = None,
    n: int = 1,
) -> FeeRule:
    return FeeRule(
        id=UUID(int=n), market="FR", tier=tier, category=category, basis_points=basis_points,
        valid_from=valid_from, valid_until=valid_until, at=NOON, made_by=None, ended_by=None,
        ended_at=None,
    )  # fmt: skip


EVERYBODY = rule(600)
BOOKS = rule(300, category="books")
KEY = rule(400, tier="key_account")
KEY_BOOKS = rule(200, tier="key_account", category="books")
NEW = rule(0, tier="first_90_days")
ALL = [EVERYBODY, BOOKS, KEY, KEY_BOOKS, NEW]


@pytest.mark.parametrize(
    ("tier", "category", "expected"),
    [
        ("key_account", "books", 200),
        ("key_account", "food", 400),
        ("standard", "books", 300),
        ("standard", "food", 600),
        ("first_90_days", "food", 0),
        ("first_90_days", "books", 0),  # what is agreed with a tier goes before a category
    ],
)
def test_the_most_specific_rule_wins_in_whatever_order_they_are_read(
    tier: str, category: str, expected: int
) -> None:
    for rules in (ALL, ALL[::-1]):
        found = find_fee(rules, tier, category, TODAY)
        assert found is not None
        assert found.basis_points == expected


def test_a_rule_holds_from_its_day_until_the_day_before_its_end() -> None:
    summer = rule(100, valid_from=date(2026, 6, 1), valid_until=date(2026, 9, 1), n=2)
    held = {
        day: (find_fee([EVERYBODY, summer], "standard", "food", day) or EVERYBODY).basis_points
        for day in (date(2026, 5, 31), date(2026, 6, 1), date(2026, 8, 31), date(2026, 9, 1))
    }
    assert list(held.values()) == [600, 100, 100, 600]
    assert find_fee([EVERYBODY], "standard", "food", date(2025, 12, 31)) is None


def test_of_two_rules_for_the_same_the_later_one_wins() -> None:
    later = rule(550, valid_from=date(2026, 3, 1), n=2)
    corrected = rule(500, valid_from=date(2026, 3, 1), n=3)
    assert find_fee([later, EVERYBODY], "standard", "food", TODAY) == later
    assert find_fee([corrected, later, EVERYBODY], "standard", "food", TODAY) == corrected
    assert find_fee([later, EVERYBODY], "standard", "food", NEW_YEAR) == EVERYBODY


def test_a_rule_that_never_began_holds_on_no_day() -> None:
    assert find_fee([rule(1, valid_until=NEW_YEAR)], "standard", "food", NEW_YEAR) is None


def test_a_list_tells_how_each_rule_stands() -> None:
    later = rule(550, valid_from=date(2026, 3, 1), n=2)
    coming = rule(500, valid_from=TOMORROW, n=3)
    ended = rule(100, valid_from=date(2026, 4, 1), valid_until=TODAY, n=4)
    withdrawn = rule(100, valid_from=TOMORROW, valid_until=TOMORROW, n=5)
    rules = [EVERYBODY, later, coming, ended, withdrawn, KEY]
    assert [markets.fee_standing(r, rules, TODAY).value for r in rules] == [
        "covered", "holds", "coming", "over", "over", "holds",
    ]  # fmt: skip


days = st.dates(date(2026, 1, 1), date(2026, 1, 9))
rules = st.builds(
    rule,
    st.integers(0, 5000),
    st.sampled_from([None, *(tier.value for tier in Tier)]),
    st.sampled_from([None, "books", "food"]),
    days,
    st.none() | st.just(date(2026, 1, 7)),
    st.integers(1, 1000),
)


@given(
    st.lists(rules, max_size=8, unique_by=lambda r: r.id),
    st.sampled_from(Tier),
    st.sampled_from(["books", "food", "standard"]),
    days,
)
def test_no_rule_that_fits_is_more_specific_than_the_one_that_wins(
    given_rules: list[FeeRule], tier: Tier, category: str, day: date
) -> None:
    found = find_fee(given_rules, tier.value, category, day)
    fitting = [
        r
        for r in given_rules
        if r.valid_from <= day
        and (r.valid_until is None or day < r.valid_until)
        and r.tier in (None, tier.value)
        and r.category in (None, category)
    ]
    assert (found is None) == (not fitting)
    for other in fitting:
        assert found is not None
        if other.tier and not found.tier:
            pytest.fail("a rule for the tier was passed over")
        if bool(other.tier) == bool(found.tier) and other.category and not found.category:
            pytest.fail("a rule for the category was passed over")


@given(st.lists(rules, max_size=8, unique_by=lambda r: r.id), st.integers(0, 3), days)
def test_what_begins_tomorrow_or_ends_tonight_changes_nothing_of_today(
    given_rules: list[FeeRule], n: int, day: date
) -> None:
    before = find_fee(given_rules, "standard", "food", day)
    added = rule(1, "standard", "food", day + timedelta(days=1), n=5000)
    ended = [
        rule(
            r.basis_points, r.tier, r.category, r.valid_from,
            max(r.valid_from, day + timedelta(days=1)), r.id.int,
        )
        if place == n and r.holds(day) else r
        for place, r in enumerate(given_rules)
    ]  # fmt: skip
    after = find_fee([*ended, added], "standard", "food", day)
    assert (after and after.id) == (before and before.id)


async def lay(cell: Cell, *agreed: tuple[str | None, str | None, int]) -> list[UUID]:
    async with cell.tx() as tx:
        await markets.load(tx)
        await tx.execute(
            "insert into person values (%s, 'team@example.org', 'Julien', 'x', 'fr', now())", (BY,)
        )
        return [
            await markets.add_fee_rule(
                tx, market="FR", tier=tier, category=category, basis_points=points,
                valid_from=TOMORROW, by=BY,
            )
            for tier, category, points in agreed
        ]  # fmt: skip


@pytest.mark.usefixtures("_noon")
async def test_five_percent_hold_until_another_is_agreed(cell: Cell) -> None:
    await lay(cell, (None, None, 450), ("key_account", None, 300))
    wanted = [("standard", "food"), ("key_account", "food")]
    async with cell.read() as tx:
        assert await markets.find_commissions(tx, "FR", wanted, TODAY) == {
            ("standard", "food"): 500,
            ("key_account", "food"): 500,
        }
        assert await markets.find_commissions(tx, "FR", wanted, TOMORROW) == {
            ("standard", "food"): 450,
            ("key_account", "food"): 300,
        }
        assert await markets.find_commissions(tx, "GB", wanted, TOMORROW) == {
            ("standard", "food"): 500,
            ("key_account", "food"): 500,
        }
        assert await markets.get_highest_commission(tx, "FR", TOMORROW) == 500


@pytest.mark.usefixtures("_noon")
async def test_what_is_remembered_needs_no_query(cell: Cell) -> None:
    await lay(cell, (None, None, 450))
    wanted = [("standard", "food")]
    async with cell.read() as tx:
        await markets.find_commissions(tx, "FR", wanted, TOMORROW)
    async with cell.tx() as tx:  # behind the back of this process
        await tx.execute("update fee_rule set basis_points = 700")
    async with cell.read() as tx:
        assert await markets.find_commissions(tx, "FR", wanted, TOMORROW) == {wanted[0]: 450}
    async with cell.tx() as tx:
        await markets.add_fee_rule(
            tx, market="FR", tier=None, category="books", basis_points=100, valid_from=TOMORROW,
            by=BY,
        )  # fmt: skip
    async with cell.read() as tx:
        assert await markets.find_commissions(tx, "FR", wanted, TOMORROW) == {wanted[0]: 700}


@pytest.mark.usefixtures("_noon")
async def test_a_rule_ends_tonight_at_the_earliest_and_once(cell: Cell) -> None:
    (fee,) = await lay(cell, (None, None, 450))
    with time_machine.travel(NOON + timedelta(days=10), tick=True):
        tenth = date(2026, 12, 1)
        async with cell.tx() as tx:
            with pytest.raises(markets.FeeEndTooEarly):
                await markets.end_fee_rule(tx, "FR", fee, tenth - timedelta(days=1), BY)
            with pytest.raises(NotFound):
                await markets.end_fee_rule(tx, "GB", fee, tenth, BY)
            await markets.end_fee_rule(tx, "FR", fee, tenth, BY)
        async with cell.read() as tx:
            for day, expected in ((tenth, 450), (tenth + timedelta(days=1), 500)):
                found = await markets.find_commissions(tx, "FR", [("standard", "food")], day)
                assert found == {("standard", "food"): expected}
            (listed,) = await markets.list_fee_rules(tx, "FR")
            assert (listed.made_by, listed.ended_by) == (BY, BY)
            assert listed.valid_until == date(2026, 12, 2)
    with time_machine.travel(NOON + timedelta(days=11), tick=True):
        async with cell.tx() as tx:
            with pytest.raises(markets.FeeRuleOver):
                await markets.end_fee_rule(tx, "FR", fee, date(2026, 12, 24), BY)


@pytest.mark.usefixtures("_noon")
async def test_a_rule_that_is_ended_before_its_first_day_never_holds(cell: Cell) -> None:
    (fee,) = await lay(cell, (None, None, 450))
    async with cell.tx() as tx:
        await markets.end_fee_rule(tx, "FR", fee, TODAY, BY)
    async with cell.tx() as tx:
        found = await markets.find_commissions(tx, "FR", [("standard", "food")], TOMORROW)
        assert found == {("standard", "food"): 500}
        with pytest.raises(markets.FeeRuleOver):
            await markets.end_fee_rule(tx, "FR", fee, TODAY, BY)


@pytest.mark.usefixtures("_noon")
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"valid_from": TODAY}, markets.FeeTooEarly),
        ({"tier": "gold"}, BadInput),
        ({"category": "candles"}, BadInput),
        ({"basis_points": 5001}, BadInput),
        ({"basis_points": -1}, BadInput),
        ({"market": "PL"}, NotFound),
    ],
)
async def test_what_cannot_be_agreed_is_refused(
    cell: Cell, change: dict[str, object], refusal: type[Exception]
) -> None:
    await lay(cell)
    wanted: dict[str, object] = {
        "market": "FR", "tier": None, "category": None, "basis_points": 500,
        "valid_from": TOMORROW, "by": new_id(),
    }  # fmt: skip
    async with cell.tx() as tx:
        with pytest.raises(refusal):
            await markets.add_fee_rule(tx, **{**wanted, **change})  # type: ignore[arg-type]
