import pytest

from panier.kit.errors import TooMany
from panier.web.rates import Rates


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.now


def test_ten_at_once_pass_and_the_eleventh_waits_its_turn() -> None:
    clock = Clock()
    rates = Rates(clock)
    for _ in range(10):
        rates.check("anna", "10/minute")
    with pytest.raises(TooMany) as refused:
        rates.check("anna", "10/minute")
    assert refused.value.details == {"retry_after": 6}
    clock.now += 6
    rates.check("anna", "10/minute")
    with pytest.raises(TooMany):
        rates.check("anna", "10/minute")


def test_a_refused_request_does_not_make_the_wait_longer() -> None:
    clock = Clock()
    rates = Rates(clock)
    rates.check("anna", "1/minute")
    for _ in range(100):
        with pytest.raises(TooMany):
            rates.check("anna", "1/minute")
    clock.now += 60
    rates.check("anna", "1/minute")


def test_one_client_does_not_use_up_what_another_may_do() -> None:
    rates = Rates(Clock())
    rates.check("anna", "1/minute")
    rates.check("ben", "1/minute")


def test_memory_is_bounded_and_the_longest_silent_is_forgotten_first() -> None:
    rates = Rates(Clock(), keys_max=2)
    for name in ("anna", "ben", "cleo"):
        rates.check(name, "1/minute")
    rates.check("anna", "1/minute")  # forgotten
    with pytest.raises(TooMany):
        rates.check("cleo", "1/minute")
