"""S13: nothing that a test starts may reach another machine.

Python imports this file by its name at the start of every process that finds its folder
on the path; `tests/conftest.py` puts it there. An audit hook sees connections of all
libraries, and cannot be taken off again. A look-up of a name is an outgoing request too.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from pathlib import Path

_SENDING = ("socket.connect", "socket.sendto", "socket.sendmsg")
_ASKING = ("socket.getaddrinfo", "socket.gethostbyname")
_LOG = "AGGLO_OUTGOING"


def _address(host: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _at_home(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    found = _address(host)
    return found is not None and (found.is_loopback or found.is_unspecified)


def _foreign(event: str, args: tuple[object, ...]) -> object:
    """Give the foreign host of an event, if it has one."""
    if event in _ASKING:
        # an address needs no look-up; connecting to it is judged when it happens
        known = (
            _at_home(args[0]) or _address(args[0]) or args[0] == socket.gethostname()
        )
        return None if known else args[0]
    connection, to = args[0], args[1]
    if not isinstance(to, tuple) or _at_home(to[0]):
        return None
    # connecting a datagram socket sends nothing: it is how programs find their own address
    silent = event == "socket.connect" and connection.type & socket.SOCK_DGRAM
    return None if silent else to[0]


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event in _SENDING or event in _ASKING:
        host = _foreign(event, args)
        if host is not None:
            said = f"outgoing request: {event} {host!r} by {sys.argv[:3]}"
            log = os.environ.get(_LOG)
            if log:
                with Path(log).open("a", encoding="utf-8") as out:
                    out.write(said + "\n")
            raise AssertionError(said)


if not hasattr(sys, "_agglo_offline"):
    sys._agglo_offline = True
    sys.addaudithook(_guard)
