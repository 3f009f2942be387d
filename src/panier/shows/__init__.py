"""Shows: a live from the calendar to its end, its run sheet, what is pinned on the picture.

owns    show, run_sheet, pin
says    ShowScheduled, ShowRehearsing, ShowWentLive, ShowEnded, ShowCancelled, ProductPinned,
        ProductUnpinned
hears   nothing
limits  100 products a run sheet, one pin at a time, scheduled at most 400 days ahead
"""

from panier.shows.actions import (
    cancel,
    end,
    go_live,
    pin,
    rehearse,
    schedule,
    set_cover,
    set_run_sheet,
    stop_rehearsing,
    unpin,
)
from panier.shows.queries import (
    Pin,
    Show,
    access_show,
    find_live_shows_with_variant,
    find_pin,
    find_show,
    find_show_by_slug,
    get_show,
    get_show_by_slug,
    list_on_air,
    list_pins,
    list_replays,
    list_run_sheet,
    list_run_sheet_ids,
    list_shows,
    list_shows_by_id,
    list_shows_of_host,
    list_upcoming,
)
from panier.shows.rules import (
    OPEN,
    NotOnAir,
    NotOnRunSheet,
    RunSheetClosed,
    SlugTaken,
    State,
    StateRefused,
)

__all__ = [
    "OPEN",
    "NotOnAir",
    "NotOnRunSheet",
    "Pin",
    "RunSheetClosed",
    "Show",
    "SlugTaken",
    "State",
    "StateRefused",
    "access_show",
    "cancel",
    "end",
    "find_live_shows_with_variant",
    "find_pin",
    "find_show",
    "find_show_by_slug",
    "get_show",
    "get_show_by_slug",
    "go_live",
    "list_on_air",
    "list_pins",
    "list_replays",
    "list_run_sheet",
    "list_run_sheet_ids",
    "list_shows",
    "list_shows_by_id",
    "list_shows_of_host",
    "list_upcoming",
    "pin",
    "rehearse",
    "schedule",
    "set_cover",
    "set_run_sheet",
    "stop_rehearsing",
    "unpin",
]
