"""Tables to take away, as a CSV file."""

from collections.abc import Iterable

from starlette.responses import Response

from panier.kit.sheet import Table, write_sheet


def send_sheet(name: str, head: Iterable[str], table: Table) -> Response:
    """Answer with a CSV file called `name`."""
    return Response(
        write_sheet(head, table),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
