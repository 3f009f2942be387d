import pytest

from panier.rooms.limits import Bucket, subscriber_of


def test_a_bucket_gives_a_burst_and_then_its_rate() -> None:
    bucket = Bucket(3, 100.0)
    assert [bucket.take(100.0, 2.0, 3) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(101.0, 2.0, 3) for _ in range(3)] == [True, True, False]
    assert not bucket.is_full(102.0, 2.0, 3)
    assert bucket.is_full(102.5, 2.0, 3)


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(3, 0.0)
    assert not bucket.take(1000.0, 2.0, 3, 3.5)
    assert bucket.take(1000.0, 2.0, 3, 3.0)


@pytest.mark.parametrize(
    ("address", "subscriber"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_subscriber_has_one_limit(address: str, subscriber: str) -> None:
    assert subscriber_of(address) == subscriber
