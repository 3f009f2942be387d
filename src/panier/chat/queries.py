"""Reads: who is silenced."""

from collections.abc import Sequence
from uuid import UUID

from panier.kit.db import Tx

MUTED = """
select m.show_id, m.author from room_mute m
join (select distinct * from unnest(%s::uuid[], %s::text[]) w(show_id, author)) w
using (show_id, author)
"""


async def list_muted(tx: Tx, authors: Sequence[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Return which of these (show, author) are silenced."""
    if not authors:
        return set()
    cursor = await tx.execute(
        MUTED, ([show for show, _ in authors], [author for _, author in authors]), prepare=True
    )
    return set(await cursor.fetchall())
