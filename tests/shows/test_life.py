"""A show's life: what it may become, what is recorded, what is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier import shows
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run, value
from panier.kit.errors import BadInput, NotFound
from panier.shows.rules import TRANSITIONS, State, may_become
from tests.shows.laid import NOBODY, lay, lay_show, list_told

Verb = Callable[[Tx, shows.Show], Awaitable[None]]

VERBS: dict[State, Verb] = {
    State.SCHEDULED: lambda tx, show: shows.stop_rehearsing(tx, show.id),
    State.REHEARSING: lambda tx, show: shows.rehearse(tx, show.id),
    State.LIVE: lambda tx, show: shows.go_live(tx, show.id),
    State.ENDED: lambda tx, show: shows.end(tx, show.id),
    State.CANCELLED: lambda tx, show: shows.cancel(tx, show.id),
}


@given(st.lists(st.sampled_from(State)))
def test_no_sequence_reaches_an_undeclared_state_or_leaves_an_end(wishes: list[State]) -> None:
    state = State.SCHEDULED
    for wish in wishes:
        if wish in TRANSITIONS[state]:
            assert state in may_become(wish)
            assert state not in (State.ENDED, State.CANCELLED)
            state = wish
    assert state in TRANSITIONS


def test_the_table_is_the_one_agreed() -> None:
    assert {state.value: sorted(after) for state, after in TRANSITIONS.items()} == {
        "scheduled": ["cancelled", "live", "rehearsing"],
        "rehearsing": ["cancelled", "live", "scheduled"],
        "live": ["ended"],
        "ended": [],
        "cancelled": [],
    }


@pytest.mark.parametrize("before", State)
async def test_from_every_state_the_database_allows_what_the_table_allows(
    cell: Cell, before: State
) -> None:
    show = await lay_show(cell, await lay(cell))
    for to, move in VERBS.items():
        async with cell.tx() as tx:
            await run(tx, "update show set state = %s where id = %s", (before, show.id))
        allowed = to in TRANSITIONS[before] or to == before
        with nullcontext() if allowed else pytest.raises(shows.StateRefused):
            async with cell.tx() as tx:
                await move(tx, show)
        async with cell.read() as tx:
            assert (await shows.get_show(tx, show.id)).state == (to if allowed else before)


async def test_each_step_is_recorded_once_with_its_moment(cell: Cell) -> None:
    show = await lay_show(cell, await lay(cell))
    begun = now()
    for move in (shows.rehearse, shows.go_live, shows.go_live, shows.end, shows.end):
        async with cell.tx() as tx:
            await move(tx, show.id)
    told = await list_told(cell)
    assert [fact.kind for fact in told] == [
        "ShowScheduled",
        "ShowRehearsing",
        "ShowWentLive",
        "ShowEnded",
    ]
    assert {fact.body["show"] for fact in told} == {str(show.id)}
    async with cell.read() as tx:
        ended = await shows.get_show(tx, show.id)
    assert ended.live_at is not None
    assert ended.ended_at is not None
    assert begun <= ended.live_at <= ended.ended_at


async def test_two_who_start_a_show_at_once_start_it_once(cell: Cell) -> None:
    show = await lay_show(cell, await lay(cell))
    await asyncio.gather(*(cell.run(lambda tx: shows.go_live(tx, show.id)) for _ in range(2)))
    kinds = [fact.kind for fact in await list_told(cell)]
    assert kinds == ["ShowScheduled", "ShowWentLive"]


async def test_namesakes_get_a_number_and_a_wished_slug_is_refused_when_taken(cell: Cell) -> None:
    laid = await lay(cell)
    slugs = [(await lay_show(cell, laid, "L’été, déjà !")).slug for _ in range(3)]
    assert slugs == ["l-ete-deja", "l-ete-deja-2", "l-ete-deja-3"]
    with pytest.raises(shows.SlugTaken):
        async with cell.tx() as tx:
            await shows.schedule(
                tx,
                market="FR",
                host=laid.host,
                title="Noël",
                starts_at=now(),
                language="fr",
                slug="l-ete-deja",
            )


async def test_a_scheduled_show_has_its_channel_and_its_run_sheet(cell: Cell) -> None:
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    async with cell.read() as tx:
        channel = await value(tx, "select state from channel where show_id = %s", (show.id,))
        sheet = await shows.list_run_sheet(tx, show.id, "en")
    assert channel == "waiting"
    assert [product.title for product in sheet] == ["The candle", "The mug", "The scarf"]
    assert (show.host_name, show.path) == ("Camille", "/fr/live/lumieres-du-soir")


@pytest.mark.parametrize(
    ("title", "hours", "language", "field"),
    [
        ("  ", 1, "fr", "title"),
        ("x" * 121, 1, "fr", "title"),
        ("Noël", -1, "fr", "starts_at"),
        ("Noël", 24 * 401, "fr", "starts_at"),
        ("Noël", 1, "nl", "language"),
    ],
)
async def test_what_cannot_be_scheduled_is_refused_by_field(
    cell: Cell, title: str, hours: int, language: str, field: str
) -> None:
    laid = await lay(cell)
    with pytest.raises(BadInput) as refused:
        async with cell.tx() as tx:
            await shows.schedule(
                tx,
                market="FR",
                host=laid.host,
                title=title,
                starts_at=now() + timedelta(hours=hours),
                language=language,
            )
    assert refused.value.details["field"] == field
    assert await list_told(cell) == []


async def test_a_show_that_is_not_there_is_not_found(cell: Cell) -> None:
    for act in (shows.rehearse, shows.go_live, shows.end, shows.cancel, shows.unpin):
        with pytest.raises(NotFound):
            async with cell.tx() as tx:
                await act(tx, NOBODY)


async def test_lists_tell_what_is_on_air_coming_up_and_over(cell: Cell) -> None:
    laid = await lay(cell)
    first, second, third = [await lay_show(cell, laid, title) for title in ("One", "Two", "Three")]
    async with cell.tx() as tx:
        await shows.rehearse(tx, first.id)
        await shows.go_live(tx, second.id)
        await shows.go_live(tx, third.id)
        await shows.end(tx, third.id)
    async with cell.read() as tx:
        assert [show.title for show in await shows.list_on_air(tx, "FR")] == ["Two"]
        assert [show.title for show in await shows.list_upcoming(tx, "FR")] == ["One"]
        assert [show.title for show in await shows.list_replays(tx, "FR")] == ["Three"]
        assert len(await shows.list_shows_of_host(tx, "FR", laid.host)) == 3
        assert await shows.list_shows_of_host(tx, "FR", NOBODY) == []
        assert await shows.list_on_air(tx, "GB") == []
