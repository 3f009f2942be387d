"""What a document says of the seller before the law, and of a company that buys."""

from uuid import UUID

import msgspec

from panier import invoices
from panier.invoices.paper import print_pdf, write_out
from panier.invoices.queries import Document
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.taxes import Business
from tests.payouts import laid
from tests.shop import Shop, lay_shop
from tests.taxes.companies import LUMEN, NOON, WEBER, tell_law


async def sell(tx: Tx, shop: Shop, business: Business | None, language: str = "en") -> UUID:
    """Sell an order as a company's, without the VAT that its lines were laid with."""
    order = await laid.sell(tx, shop)
    told = msgspec.json.encode(business).decode() if business else None
    await tx.execute(
        "update checkout set business = %s, language = %s where id ="
        " (select checkout_id from orders where id = %s)",
        (told, language, order),
    )
    return order


async def write(cell: Cell, business: Business | None, *, law: bool = True) -> Document:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        if law:
            await tell_law(tx, shop.seller)
        order = await sell(tx, shop, business)
        await invoices.write_invoice(tx, order, NOON)
        found = await invoices.find_invoice(tx, order)
    assert found is not None
    return found


async def test_an_invoice_names_the_trader_and_stays_as_it_was(cell: Cell) -> None:
    invoice = await write(cell, None)
    async with cell.tx() as tx:
        await tell_law(tx, invoice.seller, msgspec.structs.replace(LUMEN, name="Lumen SAS"))
        again = await invoices.find_invoice(tx, invoice.order)
    assert again is not None
    (seller, lines), _buyer = write_out(again).parties
    assert seller == "Seller"
    assert lines == [
        "Maison Lumen",
        "Lumen SARL",
        "8 rue du Four",
        "69001 Lyon",
        "France",
        "VAT FR11123456782",
        "RCS Lyon 123 456 782",
        "legal@lumen.example",
    ]


async def test_without_legal_data_it_is_numbered_all_the_same(cell: Cell) -> None:
    invoice = await write(cell, None, law=False)
    (_, lines), _buyer = write_out(invoice).parties
    assert lines == ["Maison Lumen", "France"]
    assert invoice.number.endswith("-2026-000001")


async def test_without_vat_both_ids_and_the_reason_are_told(cell: Cell) -> None:
    invoice = await write(cell, WEBER)
    said = invoice.said
    assert (said.company, said.vat_id, said.consultation) == (
        "Weber Licht GmbH", "DE123456788", "WAPIAAAAZdK5xYz1",
    )  # fmt: skip
    written = write_out(invoice)
    (_, seller), (_, buyer) = written.parties
    assert "VAT FR11123456782" in seller
    assert buyer[0] == "Weber Licht GmbH"
    assert buyer[-1] == "VAT DE123456788"
    assert written.notes[:2] == [
        "VAT-exempt intra-Community supply (article 138 of Directive 2006/112/EC).",
        "Reverse charge: the buyer accounts for the VAT in its own country.",
    ]
    assert written.sums[0][0] == "Total, no VAT charged"
    assert print_pdf(invoice).startswith(b"%PDF-1.")


async def test_a_company_that_pays_vat_has_its_id_on_the_invoice_and_no_exemption(
    cell: Cell,
) -> None:
    invoice = await write(cell, Business("Martin SAS", "FR11123456782"))
    written = write_out(invoice)
    assert written.parties[1][1][0] == "Martin SAS"
    assert written.parties[1][1][-1] == "VAT FR11123456782"
    assert written.notes[0] == "Nothing is left to pay."
    assert written.sums[0][0] == "Total, VAT included"


async def test_a_document_of_before_is_still_read(cell: Cell) -> None:
    invoice = await write(cell, None)
    old = {
        name: text
        for name, text in invoice.body.items()
        if name not in {"trader", "company", "vat_id", "reverse_charge", "consultation"}
    }
    written = write_out(msgspec.structs.replace(invoice, body=old))
    assert written.parties[0][1] == ["Maison Lumen", "France"]
