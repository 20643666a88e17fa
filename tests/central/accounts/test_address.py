"""Who is asking, as far as anybody credible says."""

from ipaddress import ip_address, ip_network

import pytest

from central.accounts.address import client_address

PROXIES = [ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "trusted", "found"),
    [
        ("192.168.1.7", None, [], "192.168.1.7"),
        ("::ffff:192.168.1.7", None, [], "192.168.1.7"),
        ("127.0.0.1", "203.0.113.9", PROXIES, "203.0.113.9"),
        ("127.0.0.1", "192.168.1.5, 203.0.113.9", PROXIES, "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 10.1.2.3", PROXIES, "203.0.113.9"),
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", PROXIES, "10.9.9.9"),
    ],
)
def test_it_believes_trusted_proxies_alone(
    peer: str, forwarded_for: str | None, trusted: list[object], found: str
) -> None:
    told = forwarded_for is not None
    assert client_address(peer, forwarded_for, told, trusted) == ip_address(found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "told", "trusted"),
    [
        ("127.0.0.1", "127.0.0.1", True, []),
        ("127.0.0.1", None, True, []),
        ("127.0.0.1", None, True, PROXIES),
        ("127.0.0.1", "rubbish", True, PROXIES),
        ("127.0.0.1", "192.168.1.5, unknown", True, PROXIES),
        ("testclient", None, False, []),
        (None, None, False, []),
    ],
)
def test_it_knows_nobody_when_a_stranger_speaks_for_others(
    peer: str | None, forwarded_for: str | None, told: bool, trusted: list[object]
) -> None:
    assert client_address(peer, forwarded_for, told, trusted) is None  # type: ignore[arg-type]
