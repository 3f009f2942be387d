"""Changes of stock from a file: every line is right, or nothing is changed."""

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from panier.kit.db import Tx, run
from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _
from panier.stock.counts import lock
from panier.stock.movements import NEW, Movement, change_stock, is_done
from panier.stock.rules import SIGNS, UNITS_MAX, Reason, check_change

LINES_MAX = 5000
"""Lines of one file."""
MISTAKES_MAX = 50
"""Mistakes that are listed; who has more has another problem."""
NOTE_MAX = 200
"""Characters of a note."""
COLUMNS = ("sku", "quantity", "reason")
"""What the first line names; a column `note` may follow, others are not read."""
SEPARATORS = ",;\t"
"""Spreadsheets of half of Europe write semicolons: their comma is in the numbers."""

FIND = """
select v.sku, array_agg(v.id) from variant v join product p on p.id = v.product_id
where p.market = %s and (%s::uuid[] is null or p.seller_id = any(%s)) and v.sku = any(%s)
group by v.sku
"""


class ImportRefused(PanierError):
    """Nothing was changed: some lines of the file are wrong."""

    code, status = "import_refused", 422


class Line(NamedTuple):
    """One line of the file, as it was written."""

    number: int
    sku: str
    quantity: str
    reason: str
    note: str


async def import_stock(
    tx: Tx,
    content: bytes,
    *,
    market: str,
    sellers: Sequence[UUID] | None,
    who: UUID,
    key: UUID,
) -> int:
    """Change the stock of `sellers` (None: of all of the market) as a CSV file says.

    The same `key` twice is one import. Returns the lines that were applied. Raises ImportRefused
    with `lines` [{line, reason}] in its details, BadInput for a file that is none.
    """
    lines = read_lines(content)
    given = list(sellers) if sellers is not None else None
    cursor = await tx.execute(FIND, (market, given, given, [line.sku for line in lines]))
    known: dict[str, list[UUID]] = dict(await cursor.fetchall())
    mistakes: list[dict[str, object]] = []
    moves: list[tuple[int, Movement]] = []
    for line in lines:
        try:
            moves.append((line.number, read_move(line, known.get(line.sku, []))))
        except BadInput as error:
            mistakes.append({"line": line.number, "reason": error.details["reason"]})
    left = await _lock(tx, [move.variant for _n, move in moves])
    if await is_done(tx, key):
        return len(moves)
    mistakes += _check_counts(moves, left)
    if mistakes:
        mistakes.sort(key=lambda mistake: int(str(mistake["line"])))
        raise ImportRefused(count=len(mistakes), lines=mistakes[:MISTAKES_MAX])
    await change_stock(tx, market, [move for _n, move in moves], who, key)
    return len(moves)


def read_lines(content: bytes) -> list[Line]:
    """Read the lines of a file by the names in its first one; raises BadInput."""
    table = _read_table(content)
    names = [name.lower() for name in table[0]] if table else []
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        reason = _("the first line must name the columns %(names)s", names=", ".join(COLUMNS))
        raise BadInput(field="file", reason=reason)
    lines = []
    for number, row in enumerate(table[1:], 2):
        cells = dict(zip(names, row, strict=False))
        sku, quantity, reason, note = (cells.get(name, "") for name in (*COLUMNS, "note"))
        if any(row):
            lines.append(Line(number, sku, quantity, reason, note))
    if not lines:
        raise BadInput(field="file", reason=_("there is no line below the first one"))
    if len(lines) > LINES_MAX:
        reason = _("at most %(count)s lines", count=LINES_MAX)
        raise BadInput(field="file", reason=reason)
    return lines


def _read_table(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(field="file", reason=_("please save the file as CSV in UTF-8")) from None
    head = text.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise BadInput(field="file", reason=str(error)) from None
    return [[cell.strip() for cell in row] for row in table]


def read_move(line: Line, variants: Sequence[UUID]) -> Movement:
    """Return what a line asks for; `variants` bear its number. Raises BadInput."""
    if not variants:
        raise BadInput(reason=_("no product of yours has the number “%(sku)s”", sku=line.sku))
    if len(variants) > 1:
        raise BadInput(reason=_("several products have the number “%(sku)s”", sku=line.sku))
    reason = line.reason.lower() or Reason.IMPORT.value
    offered = [given.value for given in SIGNS]
    if reason not in offered:
        names = ", ".join(offered)
        raise BadInput(reason=_("the reason must be one of %(names)s", names=names))
    try:
        quantity = int(line.quantity)
    except ValueError:
        quantity = 0
    if quantity == 0 or abs(quantity) > UNITS_MAX:
        wrong = _("“%(text)s” is not a number of units to add or take away", text=line.quantity)
        raise BadInput(reason=wrong)
    if len(line.note) > NOTE_MAX:
        raise BadInput(reason=_("a note has at most %(count)s characters", count=NOTE_MAX))
    return Movement(variants[0], quantity, Reason(reason), line.note)


async def _lock(tx: Tx, variants: Sequence[UUID]) -> dict[UUID, int]:
    await run(tx, NEW, (sorted(set(variants)),))
    counts = await lock(tx, variants)
    return {variant: shelf.available for variant, shelf in counts.shelves.items()}


def _check_counts(
    moves: Sequence[tuple[int, Movement]], left: dict[UUID, int]
) -> list[dict[str, object]]:
    """List the lines that would lead out of bounds, each after those before it."""
    mistakes: list[dict[str, object]] = []
    for number, move in moves:
        try:
            check_change(move.reason, move.delta, left[move.variant])
        except PanierError as error:
            mistakes.append({"line": number, "reason": error.message()})
        else:
            left[move.variant] += move.delta
    return mistakes
