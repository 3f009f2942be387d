from typing import Annotated

import httpx2
import pytest
import structlog
from fastapi import Body, FastAPI, Request
from structlog.testing import capture_logs

JSON = {"accept": "application/json"}


async def test_a_program_gets_one_shape(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nothing/here", headers=JSON)
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "code": "not_found",
            "message": "We could not find what you asked for.",
            "details": {},
        }
    }


async def test_a_person_gets_a_page_in_their_language(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nothing/here", headers={"accept-language": "de"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="de">' in answer.text


async def test_the_wrong_method_is_named_and_the_right_one_told(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.delete("/fr/sign-in", headers=JSON)
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "wrong_method"
    assert "GET" in answer.headers["allow"]


async def test_bad_input_names_the_field_and_never_the_value(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    async def pay(card: Annotated[int, Body(embed=True)]) -> None:
        """Take a number."""

    app.add_api_route("/pay", pay, methods=["POST"])
    answer = await client.post("/pay", json={"card": "4242-secret"}, headers=JSON)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "bad_input"
    assert error["details"]["field"] == "body.card"
    assert "secret" not in answer.text


async def test_what_nobody_expected_is_logged_with_the_number_that_is_shown(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    async def fail() -> None:
        raise RuntimeError("the database's password is swordfish")

    app.add_api_route("/fail", fail)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await client.get("/fail", headers=JSON)
    assert answer.status_code == 500
    error = answer.json()["error"]
    assert error["code"] == "unexpected"
    assert "swordfish" not in answer.text
    assert answer.headers["x-request-id"] == error["details"]["id"]
    assert [line["request"] for line in lines if line["event"] == "unexpected"] == [
        error["details"]["id"]
    ]
    page = await client.get("/fail")
    assert page.status_code == 500
    assert page.headers["x-request-id"] in page.text


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/order/a-very-secret-order-token?card=4242", "/order/{token}"),
        ("/nowhere/a-very-secret-order-token-of-somebody?x=1", "/nowhere/…"),
    ],
)
async def test_the_log_holds_neither_tokens_nor_queries(
    app: FastAPI, client: httpx2.AsyncClient, path: str, logged: str
) -> None:
    async def order(request: Request, token: str) -> str:
        return token[:1]

    app.add_api_route("/order/{token}", order)
    with capture_logs() as lines:
        await client.get(path)
    (line,) = [line for line in lines if line["event"] == "answered"]
    assert line["route"] == logged
    assert "secret" not in str(line)
    assert "4242" not in str(line)
