import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import UniqueViolation

from panier import rooms
from panier.kit.cells import Cell
from panier.kit.clock import ms
from panier.kit.db import value
from panier.kit.errors import BadInput
from panier.kit.ids import new_id
from panier.rooms import log, rules
from tests.rooms.conftest import line

VARIANTS = [str(new_id()) for _ in range(3)]
PRODUCTS = [str(new_id()) for _ in range(3)]


async def append_many(cell: Cell, show: Any, count: int) -> list[int]:
    """Append from `count` transactions of their own at the same moment; return their numbers."""

    async def one() -> int:
        async with cell.tx() as tx:
            (fact,) = await rooms.append_in(tx, [rooms.Entry(show, "FR", "chat", line("x"))])
            return fact.seq

    return await asyncio.gather(*(one() for _ in range(count)))


async def test_concurrent_appenders_number_without_gap_or_double(cell: Cell) -> None:
    show = new_id()
    seqs = await append_many(cell, show, 60)
    assert sorted(seqs) == list(range(1, 61))
    async with cell.read() as tx:
        assert await rooms.check_logs(tx) == []


async def append_two_at_once(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Append from two transactions that both know the last number before either writes."""
    show, knows = new_id(), [asyncio.Event(), asyncio.Event()]
    async with cell.tx() as tx:
        await rooms.open_room(tx, show, "FR")
    find_written = log._find_written

    async def append(mine: int) -> Any:
        async with cell.tx() as tx:
            return await rooms.append_in(tx, [rooms.Entry(show, "FR", "chat", line(str(mine)))])

    async def find_later(tx: Any, entries: Any) -> Any:
        mine = int(entries[0].body["text"])
        knows[mine].set()
        try:
            async with asyncio.timeout(0.5):
                await knows[1 - mine].wait()
        except TimeoutError:
            pass  # with the lock, the other one cannot know it yet
        return await find_written(tx, entries)

    monkeypatch.setattr(log, "_find_written", find_later)
    return list(await asyncio.gather(append(0), append(1), return_exceptions=True))


async def test_two_appenders_at_the_same_moment_take_turns(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = await append_two_at_once(cell, monkeypatch)
    assert sorted(fact.seq for (fact,) in answers) == [1, 2]


async def test_without_the_lock_they_take_the_same_number(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "LOCK", log.LOCK.replace("for no key update", ""))
    answers = await append_two_at_once(cell, monkeypatch)
    assert sum(isinstance(answer, UniqueViolation) for answer in answers) == 1


async def test_the_desk_answers_a_thousand_in_their_order(cell: Cell) -> None:
    show = new_id()
    facts = await asyncio.gather(
        *(rooms.append(cell, show, "FR", "chat", line(str(n))) for n in range(1000))
    )
    assert [fact.seq for fact in facts] == list(range(1, 1001))
    assert [fact.body["text"] for fact in facts] == [str(n) for n in range(1000)]


async def test_the_same_key_twice_is_one_line(cell: Cell) -> None:
    show, key = new_id(), new_id()
    first = await rooms.append(cell, show, "FR", "chat", line("once"), key)
    again = await rooms.append(cell, show, "FR", "chat", line("once"), key)
    both = await asyncio.gather(
        rooms.append(cell, show, "FR", "chat", line("once"), key),
        rooms.append(cell, show, "FR", "chat", line("other")),
    )
    assert (first.seq, again.seq, both[0].seq, both[1].seq) == (1, 1, 1, 2)
    assert again == first


async def test_what_is_rolled_back_leaves_no_gap_and_is_not_told(cell: Cell) -> None:
    show = new_id()
    heard = asyncio.Queue[bytes]()
    await cell.hear(f"room.{show}", lambda _subject, payload: heard.put_nowait(payload))

    async def give_up(tx: Any) -> None:
        await rooms.append_in(tx, [rooms.Entry(show, "FR", "live", {})])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cell.run(give_up)
    fact = await rooms.append(cell, show, "FR", "live", {})
    assert fact.seq == 1
    async with asyncio.timeout(30):
        assert await heard.get() == b'[[1,"live",%d,{}]]' % fact.at
    assert heard.empty()


async def test_facts_of_two_rooms_in_one_batch_have_their_own_numbers(cell: Cell) -> None:
    one, two = new_id(), new_id()
    async with cell.tx() as tx:
        facts = await rooms.append_in(
            tx,
            [
                rooms.Entry(two, "FR", "live", {}),
                rooms.Entry(one, "FR", "live", {}),
                rooms.Entry(two, "FR", "ended", {}),
            ],
        )
    assert [fact.seq for fact in facts] == [1, 1, 2]


async def test_appenders_of_the_same_rooms_in_opposite_order_do_not_block_each_other(
    cell: Cell,
) -> None:
    one, two = new_id(), new_id()

    async def append(shows: list[Any]) -> None:
        for _ in range(20):
            async with cell.tx() as tx:
                await rooms.append_in(tx, [rooms.Entry(s, "FR", "chat", line("x")) for s in shows])

    async with asyncio.timeout(30):
        await asyncio.gather(append([one, two]), append([two, one]), append([one, two]))
    async with cell.read() as tx:
        assert await value(tx, "select sum(seq)::int from room") == 120


async def test_a_fact_too_large_for_the_news_is_found_in_the_rows(cell: Cell) -> None:
    show = new_id()
    heard = asyncio.Queue[bytes]()
    await cell.hear(f"room.{show}", lambda _subject, payload: heard.put_nowait(payload))
    await rooms.append(cell, show, "FR", "chat", line("x" * 600_000))
    async with asyncio.timeout(30):
        assert await heard.get() == b""
    async with cell.read() as tx:
        (fact,) = await rooms.list_facts(tx, show, 0)
    assert len(fact.body["text"]) == 600_000


kinds = st.one_of(
    st.sampled_from([("live", {}), ("ended", {}), ("rehearsing", {}), ("scheduled", {})]),
    st.sampled_from(PRODUCTS).map(lambda product: ("pin", {"product": product})),
    st.sampled_from(PRODUCTS).map(lambda product: ("unpin", {"product": product})),
    st.sampled_from(VARIANTS).map(lambda variant: ("sold_out", {"variant": variant})),
    st.sampled_from(VARIANTS).map(lambda variant: ("back_in_stock", {"variant": variant})),
    st.sampled_from(["on", "lost"]).map(lambda state: ("picture", {"state": state})),
    st.integers(1, 120).map(lambda seq: ("chat_hidden", {"seq": seq})),
    st.sampled_from(PRODUCTS).map(
        lambda product: ("purchase", {"name": None, "product": product, "quantity": 1})
    ),
    st.text(max_size=5).map(lambda text: ("chat", line(text.replace("\x00", "")))),
    st.just(("chat", line("again"))),
    st.just(("chat", line("and again"))),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(said=st.lists(kinds, min_size=1, max_size=150), data=st.data())
async def test_a_snapshot_and_the_facts_after_it_are_the_whole_log(
    cell: Cell, said: list[Any], data: st.DataObject
) -> None:
    show = new_id()
    async with cell.tx() as tx:
        entries = [rooms.Entry(show, "FR", kind, body) for kind, body in said]
        facts = await rooms.append_in(tx, entries)
    whole = rooms.RoomState()
    for fact in facts:
        whole = rooms.fold(whole, fact)
    seq = data.draw(st.integers(0, len(facts)))
    async with cell.read() as tx:
        state = await rooms.load_state(tx, show, seq)
        for fact in await rooms.list_facts(tx, show, seq):
            state = rooms.fold(state, fact)
    assert state == whole


facts_of_a_log = st.lists(kinds, max_size=150).map(
    lambda said: [rules.Fact(n, kind, 1000 + n, body) for n, (kind, body) in enumerate(said, 1)]
)


@settings(max_examples=200, deadline=None)
@given(facts=facts_of_a_log, data=st.data())
def test_who_joins_late_sees_what_those_see_who_were_there_all_along(
    facts: list[rules.Fact], data: st.DataObject
) -> None:
    seq = data.draw(st.integers(0, len(facts)))
    present = rules.RoomState()
    for fact in facts[:seq]:
        present = rules.fold(present, fact)
    shown = rules.show_state(present, crew=True)
    late = rules.RoomState(present.seq, **{**shown, "chat": tuple(shown["chat"])})
    for fact in facts[seq:]:
        present, late = rules.fold(present, fact), rules.fold(late, fact)
    mine, theirs = rules.show_state(late, crew=True), rules.show_state(present, crew=True)
    chat, said = mine.pop("chat"), theirs.pop("chat")
    assert mine == theirs
    # The late one may see a message more at the old end, where a hidden one took none of its room.
    assert chat[len(chat) - len(said) :] == said


def test_the_pseudonym_differs_from_show_to_show_and_needs_the_secret() -> None:
    visitor, one, two = new_id(), new_id(), new_id()
    author = rules.make_author("secret of this installation", one, visitor)
    assert author == rules.make_author("secret of this installation", one, visitor)
    assert len(author) == 12
    others = {
        rules.make_author("secret of this installation", two, visitor),
        rules.make_author("secret of another installation", one, visitor),
        rules.make_author("secret of this installation", one, new_id()),
    }
    assert len(others | {author}) == 4


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ａｄａ", "Ada"),
        ("A\u202eda", "A da"),
        ("Zoë 👩‍🔬", "Zoë 👩‍🔬"),
    ],
)
def test_a_name_is_shown_normalised(given_name: str, shown: str) -> None:
    assert rules.clean_name(given_name) == shown


@pytest.mark.parametrize(
    "name", ["", " \u200b ", "x" * 31, "ada@example.org", "Ada ada@example.org"]
)
def test_a_name_that_is_none_or_an_address_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        rules.clean_name(name)


def test_times_are_told_in_milliseconds() -> None:
    moment = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
    assert ms(moment) == 1_795_262_400_250
