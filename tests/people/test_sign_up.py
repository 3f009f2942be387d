import asyncio

import httpx2
import pytest

from panier.kit.errors import PanierError
from panier.people import rules
from tests.door import PASSWORD, sign_up


async def test_every_mistake_is_told_next_to_its_field(client: httpx2.AsyncClient) -> None:
    form = {"email": "anna", "name": " ", "password": "short"}
    page = await client.post("/fr/sign-up", data=form)
    assert page.status_code == 422
    for field, message in [
        ("email", "This does not look like an e-mail address"),
        ("name", "Please tell us what to call you, in 1 to 80 characters."),
        ("password", "A password needs 10 characters or more; four random words make a good one."),
    ]:
        note = page.text.split(f'<p class="error" id="{field}-note">')[1].split("</p>")[0]
        assert note.startswith(message)
    assert 'value="anna"' in page.text
    assert "short" not in page.text


async def test_two_accounts_cannot_share_an_address(client: httpx2.AsyncClient) -> None:
    await sign_up(client)
    client.cookies.clear()
    form = {"email": "ANNA@example.com", "name": "Other", "password": PASSWORD}
    answers = await asyncio.gather(*(client.post("/fr/sign-up", data=form) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "There is an account with this e-mail address already" in answers[0].text


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("nine char", "password_too_short"),
        ("a" * 201, "password_too_long"),
        ("aaaaaaaaaaaa", "password_too_easy"),
        ("Password123", "password_too_easy"),
        ("motdepasse123", "password_too_easy"),
        ("annamartin1", "password_tells_you"),
        ("martin-2026", "password_tells_you"),
    ],
)
def test_a_password_that_is_soon_guessed_is_refused(password: str, code: str) -> None:
    with pytest.raises(PanierError) as refused:
        rules.check_password(password, "annamartin@example.com", "Anna Martin")
    assert refused.value.code == code


@pytest.mark.parametrize(
    "password", ["basket-demo", "four random words", "Grüße aus Köln", "x7$Kq!2mZp"]
)
def test_a_good_password_is_taken(password: str) -> None:
    rules.check_password(password, "annamartin@example.com", "Anna Martin")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Anna@Example.COM", "anna@example.com"),
        ("  anna+live@example.com ", "anna+live@example.com"),
        ("host.fr@panier.demo", "host.fr@panier.demo"),
        ("ÉLODIE@exemple.fr", "élodie@exemple.fr"),
    ],
)
def test_an_address_is_kept_in_one_form(given: str, kept: str) -> None:
    assert rules.normal_email(given) == kept


@pytest.mark.parametrize(
    "given", ["", "anna", "anna@", "@example.com", "a b@example.com", "a@b@c.fr"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(rules.BadEmail):
        rules.normal_email(given)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
            "Firefox, Linux",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
                " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari, iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
            ),
            "Edge, Windows",
        ),
        ("curl/8", ""),
    ],
)
def test_of_a_browser_only_its_name_and_system_are_kept(agent: str, device: str) -> None:
    assert rules.device_of(agent) == device
