"""Where does a request come from? The peer, or what proxies of ours vouch for."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
"""Headers by which a proxy tells that somebody else is asking."""


def client_address(
    peer: str | None, forwarded_for: str | None, told: bool, trusted: Sequence[Network]
) -> Address | None:
    """Return the address of who is asking, or None when nobody credible says it. Pure.

    `peer` is the other end of the connection, `forwarded_for` the header a trusted proxy appends
    to, `told` whether any header speaks of a proxy. Behind a proxy nobody vouches for, the asker is
    unknown: the proxy's own address would open the house to the whole world behind it.
    """
    address = parsed(peer or "")
    if address is None:
        return None
    if not _within(address, trusted):
        return None if told else address
    for part in reversed((forwarded_for or "").split(",")):
        if not part.strip():
            continue
        address = parsed(part.strip())
        if address is None or not _within(address, trusted):
            return address
    return None if told and not forwarded_for else address


def parsed(text: str) -> Address | None:
    """Return an address, IPv4 in IPv6's clothes as IPv4, or None."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
