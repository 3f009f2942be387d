"""Tables to take away, as a CSV file."""

from collections.abc import Iterable

from starlette.responses import Response

from panier.kit.sheet import Table, write_sheet


def send_file(name: str, media_type: str, body: bytes) -> Response:
    """Answer with a file called `name`, to be saved and not shown as a page of ours."""
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=named)


def send_sheet(name: str, head: Iterable[str], table: Table) -> Response:
    """Answer with a CSV file called `name`."""
    return send_file(name, "text/csv; charset=utf-8", write_sheet(head, table).encode())
