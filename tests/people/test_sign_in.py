import re
from datetime import timedelta

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from panier import people
from panier.kit.clock import now
from panier.kit.db import Tx, run, value
from panier.people import pages, passwords
from panier.runtime import Runtime
from tests.door import PASSWORD, browser, plant, sign_up

JSON = {"accept": "application/json"}


def cookie(answer: httpx2.Response, name: str) -> str:
    """Return the Set-Cookie line of `name`."""
    (line,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{name}=")]
    return line


async def count_sessions(tx: Tx) -> int:
    return int(await value(tx, "select count(*) from session"))


async def sign_in(
    client: httpx2.AsyncClient, password: str = PASSWORD, **more: str
) -> httpx2.Response:
    return await client.post(
        "/fr/sign-in", data={"email": "anna@example.com", "password": password, **more}
    )


async def test_whoever_signs_up_is_signed_in_and_sees_their_account(
    client: httpx2.AsyncClient,
) -> None:
    form = {"email": " Anna@Example.COM ", "name": " Anna  Martin ", "password": PASSWORD}
    answer = await client.post("/fr/sign-up", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/fr/")
    page = await client.get("/fr/account")
    assert "anna@example.com" in page.text
    assert "Anna Martin" in page.text


async def test_the_session_is_out_of_reach_of_scripts_and_other_sites(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    line = cookie(await sign_in(client), "panier_session")
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Path=/" in line
    assert "Max-Age=2592000" in line
    assert "Domain" not in line
    home = runtime.cells.of("FR").name
    assert re.match(rf"panier_session={home}~[\w-]{{43}};", line)


async def test_only_a_digest_of_the_token_is_kept(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    token = client.cookies["panier_session"].partition("~")[2]
    async with runtime.cells.of("FR").read() as tx:
        kept = await value(tx, "select token_hash from session")
    assert len(kept) == 32
    assert token.encode() not in bytes(kept)


async def test_signing_in_again_ends_the_session_before(
    app: FastAPI, client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    before = client.cookies["panier_session"]
    await sign_in(client)
    assert client.cookies["panier_session"] != before
    async with browser(app) as thief:
        plant(thief, "panier_session", before)
        assert (await thief.get("/fr/account")).status_code == 303
    async with runtime.cells.of("FR").read() as tx:
        assert await count_sessions(tx) == 1


async def test_passwords_are_kept_as_argon2id_in_64_mib_and_three_passes(
    client: httpx2.AsyncClient,
    runtime: Runtime,
    real_hasher: PasswordHasher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "_hasher", real_hasher)
    await sign_up(client)
    async with runtime.cells.of("FR").read() as tx:
        kept = await value(tx, "select password_hash from person")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.is_outdated(kept)
    assert (await sign_in(client)).status_code == 303
    client.cookies.clear()
    form = {"email": "anna@example.com", "password": "wrong wrong wrong"}
    assert (await client.post("/fr/sign-in", data=form)).status_code == 401


async def test_an_unknown_address_is_answered_like_a_wrong_password(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_up(client)
    client.cookies.clear()
    verified: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, kept: str, password: str) -> bool:
        verified.append(kept)
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    form = {"email": "nobody@example.com", "password": "wrong wrong wrong"}
    unknown = await client.post("/fr/sign-in", data=form)
    known = await client.post("/fr/sign-in", data={**form, "email": "anna@example.com"})
    assert unknown.status_code == known.status_code == 401
    assert unknown.text.replace("nobody@", "anna@") == known.text
    assert "do not belong together" in known.text
    # The same work for both: one verification with the same parameters.
    assert len(verified) == 2
    assert [kept.split("$")[1:4] for kept in verified[:1]] == [
        kept.split("$")[1:4] for kept in verified[1:]
    ]


async def test_a_hash_of_weaker_parameters_is_made_anew_at_the_next_sign_in(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with runtime.cells.of("FR").tx() as tx:
        await run(tx, "update person set password_hash = %s", (weak,))
    assert (await sign_in(client)).status_code == 303
    async with runtime.cells.of("FR").read() as tx:
        kept = await value(tx, "select password_hash from person")
    assert kept != weak
    assert not passwords.is_outdated(kept)
    assert (await sign_in(client)).status_code == 303


async def test_after_ten_tries_the_eleventh_is_refused_in_the_one_shape(
    client: httpx2.AsyncClient,
) -> None:
    for _ in range(10):
        tried = await client.post("/fr/sign-in", data={"email": "no address"}, headers=JSON)
        assert tried.status_code == 422
    answer = await client.post("/fr/sign-in", data={"email": "no address"}, headers=JSON)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_many"
    assert 1 <= int(answer.headers["retry-after"]) <= 6


async def test_one_account_cannot_be_tried_from_everywhere(app: FastAPI) -> None:
    statuses = []
    for last in range(4):
        async with browser(app, address=f"198.51.100.{last}") as client:
            for _ in range(8):
                form = {"email": "ANNA@no", "password": "x"}
                statuses.append((await client.post("/fr/sign-in", data=form)).status_code)
    assert statuses == [422] * 30 + [429] * 2


async def test_a_browser_that_was_let_in_before_is_not_kept_out_by_others_tries(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PER_ACCOUNT", "3/hour")
    async with browser(app) as owner, browser(app, address="198.51.100.9") as stranger:
        await sign_up(owner)
        tried = [(await sign_in(stranger, "x")).status_code for _ in range(4)]
        assert tried == [401, 401, 401, 429]
        assert (await sign_in(owner)).status_code == 303
        assert (await sign_in(stranger)).status_code == 429


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil"])
async def test_nobody_is_led_to_another_site_after_signing_in(
    client: httpx2.AsyncClient, elsewhere: str
) -> None:
    await sign_up(client)
    answer = await sign_in(client, next=elsewhere)
    assert answer.headers["location"] == "/fr/"
    shown = await client.get("/fr/sign-in", params={"next": elsewhere})
    assert shown.headers["location"] == "/fr/"


async def test_a_page_for_members_leads_to_the_sign_in_and_back(client: httpx2.AsyncClient) -> None:
    asked = await client.get("/fr/account?tab=1")
    assert asked.headers["location"] == "/fr/sign-in?next=%2Ffr%2Faccount%3Ftab%3D1"
    program = await client.get("/fr/account", headers=JSON)
    assert program.status_code == 401
    assert program.json()["error"]["code"] == "sign_in_needed"
    await sign_up(client)
    back = await sign_in(client, next="/fr/account?tab=1")
    assert back.headers["location"] == "/fr/account?tab=1"


async def test_signing_out_ends_the_session_and_forgets_the_visitor(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    await sign_up(client)
    session, visitor = client.cookies["panier_session"], client.cookies["panier_visitor"]
    answer = await client.post("/fr/sign-out")
    assert "Max-Age=0" in cookie(answer, "panier_session")
    assert "panier_session" not in client.cookies
    assert client.cookies["panier_visitor"] != visitor
    async with browser(app) as thief:
        plant(thief, "panier_session", session)
        assert (await thief.get("/fr/account")).status_code == 303


async def test_signing_out_everywhere_ends_every_session(app: FastAPI, runtime: Runtime) -> None:
    async with browser(app) as phone, browser(app) as laptop:
        await sign_up(phone)
        await sign_in(laptop)
        page = await laptop.get("/fr/account")
        assert page.text.count("this one") == 1
        await laptop.post("/fr/account/sign-out-everywhere")
        assert (await phone.get("/fr/account")).status_code == 303
    async with runtime.cells.of("FR").read() as tx:
        assert await count_sessions(tx) == 0


async def test_a_session_ends_by_itself(client: httpx2.AsyncClient, runtime: Runtime) -> None:
    await sign_up(client)
    async with runtime.cells.of("FR").tx() as tx:
        await run(tx, "update session set expires_at = %s", (now() - timedelta(seconds=1),))
    assert (await client.get("/fr/account")).status_code == 303


async def test_twenty_sign_ins_stay_and_the_oldest_ends(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    async with runtime.cells.of("FR").tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person
        tokens = [await people.open_session(tx, person.id, "", 30) for _ in range(20)]
        assert await count_sessions(tx) == 20
    assert (await client.get("/fr/account")).status_code == 303
    plant(client, "panier_session", f"{runtime.cells.of('FR').name}~{tokens[0]}")
    assert (await client.get("/fr/account")).status_code == 200


async def test_a_session_of_another_cell_means_nothing_here(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    token = client.cookies["panier_session"].partition("~")[2]
    plant(client, "panier_session", f"elsewhere~{token}")
    assert (await client.get("/fr/account")).status_code == 303
