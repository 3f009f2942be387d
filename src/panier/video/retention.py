"""Retention: what was recorded can be forgotten, rows first, then objects."""

import contextlib
from uuid import UUID

import obstore
from obstore.store import ObjectStore

from panier.kit.cells import Cell
from panier.video import actions
from panier.video.playlist import Recorded, init_name, segment_name
from panier.video.rules import store_key


async def delete_recording(cell: Cell, store: ObjectStore, show: UUID) -> int:
    """Delete the replay of a show that is over; returns how many segments it had."""
    gone = await cell.run(lambda tx: actions.drop_segments(tx, show))
    names = [segment_name(part.session, part.number) for part in gone]
    names += [init_name(session) for session in sorted({part.session for part in gone})]
    await delete_objects(store, show, names)
    return len(gone)


async def complete(cell: Cell, store: ObjectStore, show: UUID) -> None:
    """Declare a recording complete and delete what was sent before the show went live."""
    rehearsed: list[Recorded] = await cell.run(lambda tx: actions.mark_recorded(tx, show))
    names = [segment_name(part.session, part.number) for part in rehearsed]
    await delete_objects(store, show, names)


async def delete_objects(store: ObjectStore, show: UUID, names: list[str]) -> None:
    """Delete files of a channel; one that is gone already is no error."""
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(store, store_key(show, name))
