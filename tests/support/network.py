"""No test reaches beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import ssl
import sys
from functools import cache
from typing import Any

_CONNECTING = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
_RESOLVING = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}
_installed = False


class NetworkForbidden(RuntimeError):
    """A test tried to reach a host other than the loopback."""


def is_local(host: object) -> bool:
    """True for loopback addresses, `localhost`, "any address", and what is no network host at all."""
    if isinstance(host, bytes):
        host = host.decode("idna")
    if not isinstance(host, str) or host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if event in _CONNECTING:
        address = args[_CONNECTING[event]]
        # Unix sockets have a path for an address, connected datagrams none.
        host = address[0] if isinstance(address, tuple) else None
    elif event in _RESOLVING:
        host = args[_RESOLVING[event]]
    else:
        return
    if not is_local(host):
        raise NetworkForbidden(f"{event} to {host!r}: tests use the loopback only")


def forbid_network() -> None:
    """Refuse every connection and name lookup of this process that leaves the machine; for good."""
    global _installed
    # Nothing here speaks TLS, and every session of aiogram's reads all certificates anew.
    ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    if not _installed:
        sys.addaudithook(_guard)
        _installed = True
