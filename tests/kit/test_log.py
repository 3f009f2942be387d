"""Logs: one line an event, whoever wrote its words, and no secret in it."""

import json

import pytest
import structlog

from panier.kit.log import set_up_logs


@pytest.fixture(autouse=True)
def _as_before() -> object:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_an_event_is_a_line_of_columns(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("web")
    structlog.get_logger().info("answered", status=200, route="/fr/live/{slug}")
    line = told(capsys)
    assert line[2:3] == line[5:6] == ":"
    assert line[8:] == " web       · answered route=/fr/live/{slug} status=200\n"


def test_what_we_say_ourselves_may_take_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("panier")
    structlog.get_logger().info("panier is up.\n\n  Open http://localhost:8400/")
    assert told(capsys)[9:] == "panier    · panier is up.\n\n  Open http://localhost:8400/\n"


def test_nobody_outside_writes_a_line_or_a_colour_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("web")
    structlog.get_logger().info("answered", route="/x\n12:00:00 web · paid\x1b[2J\ty")
    line = told(capsys)
    assert line.count("\n") == 1
    assert line.endswith(r"route=/x\n12:00:00 web · paid\x1b[2J\ty" + "\n")


@pytest.mark.parametrize("style", ["text", "json"])
def test_secrets_are_blanked_and_a_traceback_shows_no_variables(
    capsys: pytest.CaptureFixture[str], style: str
) -> None:
    set_up_logs("web", style)
    log = structlog.get_logger()
    number = "4242" * 4
    try:
        int("x" * len(number))
    except ValueError:
        log.exception("unexpected", password="hunter2", token="tok_1")
    text = told(capsys)
    assert "hunter2" not in text
    assert "tok_1" not in text
    assert "Traceback (most recent call last)" in text
    assert "4242" not in text
    if style == "json":
        event = json.loads(text)
        assert (event["level"], event["role"], event["password"]) == ("error", "web", "…")


def test_quiet_levels_stay_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("web", level="warning")
    structlog.get_logger().info("answered")
    structlog.get_logger().warning("late")
    assert told(capsys)[9:] == "web       ! late\n"
