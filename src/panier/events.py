"""The vocabulary: every fact that can happen, in the order of the path.

An event is a row written with the change it tells of (`kit.outbox.record`); `wiring.REACTIONS` says
who hears.
"""

from uuid import UUID

import msgspec

from panier.kit.money import Money


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact; events of one `stream` reach their reactions in the order they were written."""

    market: str
    """The market's code; it decides the cell."""

    @property
    def stream(self) -> UUID:
        """Return what the fact is about, here the first UUID field."""
        return next(v for v in msgspec.structs.astuple(self) if isinstance(v, UUID))


class ShowScheduled(Event, frozen=True, kw_only=True):
    """A show was put on the calendar."""

    show: UUID


class ShowRehearsing(Event, frozen=True, kw_only=True):
    """Host and crew try the show; nobody else sees it."""

    show: UUID


class ShowWentLive(Event, frozen=True, kw_only=True):
    """The show is on air."""

    show: UUID


class ShowEnded(Event, frozen=True, kw_only=True):
    """The show is over; its replay and report follow."""

    show: UUID


class ShowCancelled(Event, frozen=True, kw_only=True):
    """The show will not take place."""

    show: UUID


class ProductPinned(Event, frozen=True, kw_only=True):
    """A product was put on the picture."""

    show: UUID
    product: UUID


class ProductUnpinned(Event, frozen=True, kw_only=True):
    """The pinned product was taken off the picture."""

    show: UUID
    product: UUID


class StreamStarted(Event, frozen=True, kw_only=True):
    """An encoder sends the picture of a show."""

    show: UUID


class StreamLost(Event, frozen=True, kw_only=True):
    """The encoder of a show went away without an end."""

    show: UUID


class RecordingReady(Event, frozen=True, kw_only=True):
    """The replay of an ended show is complete."""

    show: UUID


class SoldOut(Event, frozen=True, kw_only=True):
    """The last available unit of a variant is held or sold."""

    variant: UUID


class BackInStock(Event, frozen=True, kw_only=True):
    """A sold-out variant has available units again."""

    variant: UUID


class HoldExpired(Event, frozen=True, kw_only=True):
    """Stock set aside for a buyer was not bought in time and is free again."""

    variant: UUID
    hold: UUID
    quantity: int


class PaymentReported(Event, frozen=True, kw_only=True):
    """A payment provider told us, signed, how a payment went."""

    payment: UUID
    state: str
    """A payment state: paid or declined."""
    reference: str | None
    """The provider's name for the payment."""
    reason: str | None
    """Why it was declined."""


class OrderPaid(Event, frozen=True, kw_only=True):
    """A buyer's payment for one order has been received and booked."""

    order: UUID
    checkout: UUID
    seller: UUID
    show: UUID | None
    total: Money
    name_on_air: str | None
    """First name or initials, only if the buyer agreed."""
    products: list[tuple[UUID, int]]
    """Product and quantity of each line."""


class OrderRefused(Event, frozen=True, kw_only=True):
    """A payment came after the stock was gone; the money goes back."""

    order: UUID
    checkout: UUID
