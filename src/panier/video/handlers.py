"""Reactions to what happens to shows."""

from panier.events import ShowCancelled, ShowEnded, ShowWentLive
from panier.kit.db import Tx
from panier.video.actions import begin_replay, end_channel


async def begin(tx: Tx, event: ShowWentLive) -> None:
    """Let the replay begin where the show goes on air."""
    await begin_replay(tx, event.show)


async def finish(tx: Tx, event: ShowEnded | ShowCancelled) -> None:
    """End the picture with the show."""
    await end_channel(tx, event.show)
