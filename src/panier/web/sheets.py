"""Tables to take away, as a CSV file."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable

from starlette.responses import Response, StreamingResponse

from panier.kit.sheet import Table, write_rows, write_sheet


def stream_sheet(name: str, head: Iterable[str], steps: AsyncIterable[Table]) -> Response:
    """Answer with a CSV file called `name`, of which one step at a time is in memory."""

    async def write() -> AsyncIterator[str]:
        yield write_rows([head])
        async for step in steps:
            yield write_rows(step)

    return StreamingResponse(
        write(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def send_file(name: str, media_type: str, body: bytes) -> Response:
    """Answer with a file called `name`, to be saved and not shown as a page of ours."""
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=named)


def send_sheet(name: str, head: Iterable[str], table: Table) -> Response:
    """Answer with a CSV file called `name`."""
    return send_file(name, "text/csv; charset=utf-8", write_sheet(head, table).encode())
