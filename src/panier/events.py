"""The vocabulary: every fact that can happen, in the order of the path.

An event is a row written with the change it tells of (`kit.outbox.record`); `wiring.REACTIONS` says
who hears.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from panier.kit.money import Money
from panier.kit.outbox import Priority


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact; events of one `stream` reach their reactions in the order they were written."""

    market: str
    """The market's code; it decides the cell."""
    priority: ClassVar[Priority] = "low"
    """High: a room waits for it. Normal: a buyer does. Soon: in minutes it is too late. Low: all
    else. The same for all events of a stream."""

    @property
    def stream(self) -> UUID:
        """Return what the fact is about, here the first UUID field."""
        return next(v for v in msgspec.structs.astuple(self) if isinstance(v, UUID))


class Urgent(Event, frozen=True, kw_only=True):
    """What a room waits for: everything about a show or a variant."""

    priority: ClassVar[Priority] = "high"


class Brief(Event, frozen=True, kw_only=True):
    """What somebody has but minutes to answer."""

    priority: ClassVar[Priority] = "soon"


class ShowScheduled(Urgent, frozen=True, kw_only=True):
    """A show was put on the calendar."""

    show: UUID


class ShowRehearsing(Urgent, frozen=True, kw_only=True):
    """Host and crew try the show; nobody else sees it."""

    show: UUID


class ShowWentLive(Urgent, frozen=True, kw_only=True):
    """The show is on air."""

    show: UUID


class ShowEnded(Urgent, frozen=True, kw_only=True):
    """The show is over; its replay and report follow."""

    show: UUID


class ShowCancelled(Urgent, frozen=True, kw_only=True):
    """The show will not take place."""

    show: UUID


class ProductPinned(Urgent, frozen=True, kw_only=True):
    """A product was put on the picture."""

    show: UUID
    product: UUID


class ProductUnpinned(Urgent, frozen=True, kw_only=True):
    """The pinned product was taken off the picture."""

    show: UUID
    product: UUID


class StreamStarted(Urgent, frozen=True, kw_only=True):
    """An encoder sends the picture of a show."""

    show: UUID


class StreamLost(Urgent, frozen=True, kw_only=True):
    """The encoder of a show went away without an end."""

    show: UUID


class RecordingReady(Urgent, frozen=True, kw_only=True):
    """The replay of an ended show is complete."""

    show: UUID


class SoldOut(Urgent, frozen=True, kw_only=True):
    """The last available unit of a variant is held or sold."""

    variant: UUID
    show: UUID | None = None
    """Only in this show, which has units of its own; empty: wherever else it is sold."""
    apart: list[UUID] = []
    """Shows that have units of their own and are told of those."""


class BackInStock(Urgent, frozen=True, kw_only=True):
    """A sold-out variant has available units again."""

    variant: UUID
    show: UUID | None = None
    """Only in this show, which has units of its own; empty: wherever else it is sold."""
    apart: list[UUID] = []
    """Shows that have units of their own and are told of those."""


class LowStock(Urgent, frozen=True, kw_only=True):
    """Few free units of a variant are left: told once until new ones come in."""

    variant: UUID
    available: int


class DealAsked(Brief, frozen=True, kw_only=True):
    """A host asks a seller for a deal beyond what they agreed to."""

    request: UUID
    seller: UUID
    show: UUID


class WaitingOffered(Brief, frozen=True, kw_only=True):
    """Units became free and are held for the next in line until `until` (UTC)."""

    waiting: UUID
    variant: UUID
    hold: UUID
    quantity: int
    until: datetime


class HoldExpired(Urgent, frozen=True, kw_only=True):
    """Stock set aside for a buyer was not bought in time and is free again."""

    variant: UUID
    hold: UUID
    quantity: int


class PaymentReported(Event, frozen=True, kw_only=True):
    """A payment provider told us, signed, how a payment went."""

    priority: ClassVar[Priority] = "normal"

    payment: UUID
    state: str
    """A payment state: paid or declined."""
    reference: str | None
    """The provider's name for the payment."""
    reason: str | None
    """Why it was declined."""


class RefundDone(Event, frozen=True, kw_only=True):
    """A provider gave a part of a payment, or all of it, back to the buyer."""

    refund: UUID
    payment: UUID
    amount: Money
    reference: str
    """The provider's name for the refund."""


class RefundFailed(Event, frozen=True, kw_only=True):
    """A refund did not reach the buyer; the amount may be asked for again under a new key."""

    refund: UUID
    payment: UUID
    amount: Money
    reason: str
    undone: bool
    """RefundDone was told before: the bank sent the money back later."""


class DisputeOpened(Event, frozen=True, kw_only=True):
    """A buyer's bank takes a payment back until the dispute is decided."""

    dispute: UUID
    payment: UUID
    amount: Money
    reason: str
    evidence_until: datetime | None = None
    """Until when evidence is taken (UTC), if the provider says so."""


class DisputeClosed(Event, frozen=True, kw_only=True):
    """A dispute is decided: won, the money is ours again; lost, it is gone."""

    dispute: UUID
    payment: UUID
    amount: Money
    won: bool


class DisputeAnswered(Event, frozen=True, kw_only=True):
    """A provider took what we answered to a dispute, or did not."""

    dispute: UUID
    payment: UUID
    reason: str | None
    """Why it did not take it; empty: it did."""


class TransferReported(Event, frozen=True, kw_only=True):
    """A provider told how a transfer to a seller's or creator's account ended."""

    transfer: UUID
    """The key under which it was asked for."""
    state: str
    """done, or failed: also after it was done."""
    reason: str | None
    """Why it failed."""


class PayoutMoved(Event, frozen=True, kw_only=True):
    """A payout to a seller or creator was sent, arrived, failed or came back."""

    payout: UUID
    state: str
    """sent, paid, failed or returned."""
    reason: str | None
    """Why it failed."""


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


class OrderShipped(Event, frozen=True, kw_only=True):
    """A parcel of an order was given to its carrier; others may follow."""

    order: UUID
    seller: UUID
    parcel: UUID


class OrderDelivered(Event, frozen=True, kw_only=True):
    """All that an order still promises has arrived, or counts as arrived; told once an order."""

    order: UUID
    seller: UUID
    at: datetime
    """When the last parcel arrived (UTC)."""
    assumed: bool
    """Nobody said so: too long ago that it was sent."""


class OrderCancelled(Event, frozen=True, kw_only=True):
    """Units of an order will not be sent; a refund of them has been asked for."""

    order: UUID
    seller: UUID
    units: list[tuple[int, int]]
    """Number and units of each line."""
    whole: bool
    """Nothing of the order was or will be sent."""
    by_buyer: bool
    disputed: bool = False
    """The buyer's bank has taken the money back, so nothing more is sent."""


class ReturnAsked(Event, frozen=True, kw_only=True):
    """A buyer withdrew from a purchase, or from a part of it, in time."""

    order: UUID
    seller: UUID
    giving_back: UUID
    """The return."""


class ReturnLabelled(Event, frozen=True, kw_only=True):
    """The seller gave a label with which a buyer sends goods back."""

    order: UUID
    seller: UUID
    giving_back: UUID


class OrderReturned(Event, frozen=True, kw_only=True):
    """What a buyer sent back has arrived at the seller's; a refund has been asked for."""

    order: UUID
    seller: UUID
    giving_back: UUID


class OrderRefunded(Event, frozen=True, kw_only=True):
    """A buyer has money of an order back, and the books have reversed each part of it.

    What the seller loses: paid + subsidy - vat - commission - the creators' shares.
    """

    order: UUID
    seller: UUID
    refund: UUID
    paid: Money
    """What went back to the buyer: goods and shipping."""
    subsidy: Money
    """What went back to the platform of its part in goods and shipping."""
    vat: Money
    commission: Money
    creators: list[tuple[UUID, Money]]
    """What each creator loses."""
