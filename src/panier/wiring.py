"""The tables: who reacts to which event, what a socket command does, what runs by the clock.

Read this and `events.py`, and you know the system.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from panier import (
    baskets,
    chat,
    disputes,
    events,
    incentives,
    orders,
    parcels,
    payments,
    payouts,
    reports,
    rooms,
    stock,
    taxes,
)
from panier.disputes import handlers as dispute_reactions
from panier.incentives import handlers as incentive_reactions
from panier.invoices import handlers as invoice_reactions
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.delivery import AtOnce, Reaction
from panier.kit.mail import send_due_mail
from panier.kit.memory import calm_collector
from panier.orders import handlers as order_reactions
from panier.parcels import handlers as parcel_reactions
from panier.payouts import handlers as payout_reactions
from panier.reports import handlers as report_reactions
from panier.rooms import actions as room_actions
from panier.rooms import handlers as room_reactions
from panier.runtime import Runtime
from panier.settings import Settings
from panier.stock import handlers as stock_reactions
from panier.video import handlers as video_reactions

REACTIONS: dict[type[events.Event], list[Reaction]] = {
    events.ShowScheduled: [room_reactions.show_stage],
    events.ShowRehearsing: [room_reactions.show_stage],
    events.ShowWentLive: [video_reactions.begin, room_reactions.show_stage],
    events.ProductPinned: [room_reactions.show_pin],
    events.ProductUnpinned: [room_reactions.show_unpin],
    events.StreamStarted: [room_reactions.show_picture],
    events.StreamLost: [room_reactions.show_picture],
    events.RecordingReady: [],
    events.SoldOut: [room_reactions.show_sold_out],
    events.BackInStock: [room_reactions.show_back_in_stock],
    events.LowStock: [stock_reactions.note_low],
    events.WaitingOffered: [order_reactions.tell_offer],
    events.HoldExpired: [],
    events.DealAsked: [incentive_reactions.tell_asked],
    events.PaymentReported: [order_reactions.settle_reported],
    events.OrderPaid: AtOnce(
        [
            room_reactions.celebrate,
            order_reactions.remember_buyer,
            order_reactions.confirm_by_mail,
            report_reactions.count_late_payment,  # late: it locks an ended show's report
            invoice_reactions.invoice,  # last: it locks the seller's series
        ]
    ),
    events.OrderRefused: [order_reactions.tell_refusal],
    events.RefundDone: [parcel_reactions.book_refund],
    events.RefundFailed: [parcel_reactions.note_failure, parcel_reactions.fill_in_by_dispute],
    events.DisputeOpened: [parcel_reactions.book_dispute, dispute_reactions.tell_disputed],
    events.DisputeClosed: [parcel_reactions.close_dispute, dispute_reactions.tell_decided],
    events.DisputeAnswered: [dispute_reactions.tell_untaken],
    events.PayoutMoved: [payout_reactions.tell_payout],
    events.OrderShipped: [parcel_reactions.tell_shipped],
    events.OrderDelivered: [payout_reactions.start_clock],
    events.OrderCancelled: [parcel_reactions.tell_cancelled],
    events.ReturnAsked: [parcel_reactions.tell_return],
    events.ReturnLabelled: [parcel_reactions.tell_directions],
    events.OrderReturned: [parcel_reactions.tell_received],
    events.OrderRefunded: [
        payout_reactions.take_back,
        parcel_reactions.tell_refunded,
        invoice_reactions.credit,
    ],
    events.TransferReported: [payout_reactions.hear_transfer],
    events.ShowEnded: [
        room_reactions.show_stage,
        video_reactions.finish,
        stock_reactions.end_allocations,
        incentive_reactions.close_deals,
        report_reactions.ask_for_show_report,
    ],
    events.ShowCancelled: [
        room_reactions.show_stage,
        video_reactions.finish,
        stock_reactions.end_allocations,
    ],
}


async def show_basket(call: rooms.Call) -> baskets.ShownBasket:
    """Show the basket; the orders say which parcels stand open."""
    return await baskets.show(call, orders.find_open_parcels)


COMMANDS: rooms.Commands = {
    "say": chat.say,
    "hide": chat.hide,
    "mute": chat.mute,
    "drop": baskets.drop,
    "basket": show_basket,
    "extend": stock.extend_by_socket,
    "wait": stock.wait_by_socket,
    "unwait": stock.unwait_by_socket,
    "places": stock.places_by_socket,
    "pin": room_actions.pin,
    "unpin": room_actions.unpin,
    "deal": incentives.start,
    "end_deal": incentives.end,
}

# Commands that many give at the same moment: answered together, a list of calls at a time.
TOGETHER: rooms.Together = {"hold": baskets.add_all, "buy": orders.buy_all}


class Timer(NamedTuple):
    """Something every worker does again `seconds` after it was done, in every cell."""

    name: str
    seconds: float
    act: Callable[[Runtime, Cell], Awaitable[object]]


async def _expire_holds(_runtime: Runtime, cell: Cell) -> None:
    while await stock.expire_holds(cell):
        pass


async def _move_deals(_runtime: Runtime, cell: Cell) -> None:
    while await incentives.move_deals(cell):
        pass


async def _tell_low_stock(_runtime: Runtime, cell: Cell) -> None:
    while await stock.tell_low(cell):
        pass


async def _send_mail(runtime: Runtime, cell: Cell) -> None:
    settings = runtime.settings
    while await send_due_mail(cell, settings.mail_url, settings.mail_from):
        pass


async def _deliver_webhooks(runtime: Runtime, cell: Cell) -> None:
    await payments.deliver_webhooks(cell, runtime.settings)


async def _resume_payments(runtime: Runtime, cell: Cell) -> None:
    await orders.resume_payments(cell, runtime.settings)


async def _release_due(runtime: Runtime, cell: Cell) -> None:
    while await payouts.release_due(cell, runtime.settings, now()) == payouts.RELEASE_BATCH_MAX:
        pass


async def _send_refunds(runtime: Runtime, cell: Cell) -> None:
    await payments.send_refunds(cell, runtime.settings)


async def _send_dispute_answers(runtime: Runtime, cell: Cell) -> None:
    await payments.send_answers(cell, runtime.settings)


async def _remind_of_disputes(_runtime: Runtime, cell: Cell) -> None:
    while await disputes.remind(cell):
        pass


async def _forget_cards(runtime: Runtime, cell: Cell) -> None:
    await payments.forget_cards(cell, runtime.settings)


async def _send_payouts(runtime: Runtime, cell: Cell) -> None:
    await payouts.send_payouts(cell, runtime.settings, now())


async def _deliver_overdue(runtime: Runtime, cell: Cell) -> None:
    while await parcels.deliver_overdue(cell, runtime.settings):
        pass


async def _check_vat_ids(runtime: Runtime, cell: Cell) -> None:
    while await taxes.recheck(cell, runtime.settings):
        pass


async def _forget_vat_ids(_runtime: Runtime, cell: Cell) -> None:
    await taxes.forget_old(cell)


async def _end_slots(_runtime: Runtime, cell: Cell) -> None:
    while await parcels.end_slots(cell):
        pass


async def _write_reports(_runtime: Runtime, cell: Cell) -> None:
    await reports.write_due(cell)


TIMERS = [
    Timer("expire holds", 1.0, _expire_holds),
    Timer("move deals", 0.5, _move_deals),
    Timer("tell low stock", 30.0, _tell_low_stock),
    Timer("send mail", 2.0, _send_mail),
    Timer("deliver webhooks", 1.0, _deliver_webhooks),
    Timer("resume payments", 5.0, _resume_payments),
    Timer("send refunds", 1.0, _send_refunds),
    Timer("send dispute answers", 2.0, _send_dispute_answers),
    Timer("remind of disputes", 600.0, _remind_of_disputes),
    Timer("forget cards", 5.0, _forget_cards),
    Timer("release due", 5.0, _release_due),
    Timer("send payouts", 2.0, _send_payouts),
    Timer("deliver overdue", 60.0, _deliver_overdue),
    Timer("end slots", 10.0, _end_slots),
    Timer("write reports", 1.0, _write_reports),
    Timer("check VAT ids", 10.0, _check_vat_ids),
    Timer("forget VAT ids", 3600.0, _forget_vat_ids),
]


async def stock_of(cell: Cell, show: UUID, variants: list[UUID]) -> Mapping[UUID, int]:
    """Read what a show can still sell of variants, for the rooms, which know no shop."""
    async with cell.read() as tx:
        return await stock.get_availability(tx, variants, show)


SHOP = rooms.Shop(commands=COMMANDS, together=TOGETHER, stock_of=stock_of, stock_news=stock.PULSE)


async def serve_rooms(settings: Settings) -> None:
    """Serve the role `rooms`: the gateway with the shop's commands."""
    calm_collector()
    async with Runtime.open(settings) as runtime:
        await rooms.serve_rooms(runtime, SHOP)
