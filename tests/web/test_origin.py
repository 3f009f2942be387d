import httpx2
import pytest

SIGN_OUT = "/fr/sign-out"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9999"},
        {"origin": "https://localhost:8400"},
        {"origin": "null"},
    ],
)
async def test_a_form_on_another_site_is_refused(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    del client.headers["sec-fetch-site"]
    answer = await client.post(SIGN_OUT, headers={"accept": "*/*", **headers})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "cross_site"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "http://localhost:8400"},
        {},  # no browser: curl, a test, an app
    ],
)
async def test_our_own_pages_and_programs_may_change_things(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    del client.headers["sec-fetch-site"]
    answer = await client.post(SIGN_OUT, headers=headers)
    assert answer.status_code == 303


async def test_reading_is_allowed_from_everywhere(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/fr/sign-in", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200


async def test_a_webhook_is_not_asked_where_it_comes_from(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/fr/webhooks/none", headers={"origin": "https://bank.example"})
    assert answer.status_code == 404
