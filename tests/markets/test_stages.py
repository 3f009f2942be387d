import pytest

from panier import markets
from panier.kit.cells import Cell
from panier.kit.errors import NotFound
from panier.markets.rules import TRANSITIONS, Stage, check_move


def test_every_stage_leads_to_the_end() -> None:
    for stage in Stage:
        reached, ahead = {stage}, [stage]
        while ahead:
            following = TRANSITIONS[ahead.pop()] - reached
            reached |= following
            ahead += following
        assert Stage.CLOSED in reached


@pytest.mark.parametrize(
    ("stage", "to"),
    [("draft", "open"), ("open", "draft"), ("open", "closed"), ("closed", "open")],
)
def test_a_step_that_is_not_in_the_table_is_refused(stage: str, to: str) -> None:
    with pytest.raises(markets.StageRefused):
        check_move(stage, to)


def test_only_a_pilot_and_an_open_market_sell() -> None:
    assert [stage for stage in Stage if markets.can_sell(stage)] == ["pilot", "open"]
    markets.check_selling("open")
    with pytest.raises(markets.MarketPaused):
        markets.check_selling("paused")


async def test_loading_again_keeps_what_was_decided(cell: Cell) -> None:
    async with cell.tx() as tx:
        await markets.load(tx)
        await markets.move(tx, "FR", "paused")
        await tx.execute("update market set languages = '{en}' where code = 'GB'")
        await markets.load(tx)
        assert (await markets.get_market(tx, "FR")).stage == "paused"
        assert (await markets.get_market(tx, "GB")).languages == ["en"]


async def test_a_market_that_does_not_exist_cannot_be_moved(cell: Cell) -> None:
    async with cell.tx() as tx:
        with pytest.raises(NotFound):
            await markets.move(tx, "PL", "pilot")
