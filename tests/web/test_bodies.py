from collections.abc import AsyncIterator

import httpx2

FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "*/*"}


async def test_a_body_announced_as_too_large_is_refused_unread(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/fr/sign-in", content=b"a" * 1_048_577, headers=FORM)
    assert answer.status_code == 413
    assert answer.json()["error"] == {
        "code": "too_large",
        "message": "This is too large; the limit is 1048576 bytes.",
        "details": {"limit": 1_048_576},
    }


async def test_a_body_that_grows_too_large_is_refused_on_the_way(
    client: httpx2.AsyncClient,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"a" * 65_536

    answer = await client.post("/fr/sign-in", content=endless(), headers=FORM)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


async def test_a_length_that_is_no_number_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/fr/sign-in", headers={**FORM, "content-length": "-1"})
    assert answer.status_code == 413
