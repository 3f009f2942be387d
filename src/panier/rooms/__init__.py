"""Rooms: the numbered log of what happens on air, and everyone connected to it.

owns    room, room_log, room_sample, room_visit; the WebSocket port
says    nothing: a fact of the log is told to the gateways, no event follows it; what concerns one
        visitor alone is told to that visitor's sockets (`tell_visitor`)
hears   ShowScheduled, ShowRehearsing, ShowWentLive, ShowEnded, ShowCancelled, ProductPinned,
        ProductUnpinned, SoldOut, BackInStock, OrderPaid, StreamStarted, StreamLost
limits  20,000 sockets a process, 4 KiB a message, 10 commands a second and socket; who missed more
        than 500 facts gets a snapshot
"""

from panier.rooms.calls import Action, ActionForAll, Args, Call, Commands, Shop, StockOf, Together
from panier.rooms.gateway import Gateway, serve_rooms
from panier.rooms.limits import Bucket
from panier.rooms.log import Entry, append, append_in, open_room
from panier.rooms.private import tell_visitor
from panier.rooms.queries import Gap, check_logs, find_fact, list_facts, load_state
from panier.rooms.rules import Fact, RoomState, clean_name, clean_text, fold, make_author
from panier.rooms.viewers import Sample, Visit, write_samples, write_visits

__all__ = [
    "Action",
    "ActionForAll",
    "Args",
    "Bucket",
    "Call",
    "Commands",
    "Entry",
    "Fact",
    "Gap",
    "Gateway",
    "RoomState",
    "Sample",
    "Shop",
    "StockOf",
    "Together",
    "Visit",
    "append",
    "append_in",
    "check_logs",
    "clean_name",
    "clean_text",
    "find_fact",
    "fold",
    "list_facts",
    "load_state",
    "make_author",
    "open_room",
    "serve_rooms",
    "tell_visitor",
    "write_samples",
    "write_visits",
]
