"""Files for spreadsheets that are sent a step at a time."""

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from panier import web
from panier.kit.sheet import Table


async def test_a_step_of_a_file_is_made_when_the_one_before_was_sent() -> None:
    made = []

    async def steps() -> AsyncIterator[Table]:
        for n in range(3):
            made.append(n)
            yield [(n, "=1+1")]

    answer = web.stream_sheet("numbers.csv", ("n", "text"), steps())
    assert isinstance(answer, StreamingResponse)
    assert answer.headers["content-disposition"] == 'attachment; filename="numbers.csv"'
    sent = [(part, list(made)) async for part in answer.body_iterator]
    assert sent == [
        ("n,text\r\n", []),
        ("0,'=1+1\r\n", [0]),
        ("1,'=1+1\r\n", [0, 1]),
        ("2,'=1+1\r\n", [0, 1, 2]),
    ]
