"""How one start of the observatory is set: mode, address, secrets, limits."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from agglo.core.errors import OptionError, Problem
from agglo.observatory.jobs import JobCaps
from agglo.observatory.release import Mode

__all__ = [
    "LOOPBACK",
    "MOST_ROWS",
    "Limits",
    "Settings",
    "check_binding",
    "check_frames",
]


LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MOST_ROWS = 10_000
_TOKEN_BYTES = 32
_PASSWORD = "a password in the variable AGGLO_PASSWORD"  # noqa: S105 - its name
_SITE = re.compile(r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost.

    Parameters
    ----------
    body
        Bytes of a request body.
    address
        Characters of path and query.
    rows
        Rows of one page of an answer.
    file_rows
        Rows of one CSV, Parquet or zip file.
    parallel
        Requests answered at the same time; more get 429.
    seconds
        Time for one answer; longer ones get 503.
    upload
        Bytes of a file to import.
    jobs
        What imports, runs and reports may cost.
    """

    body: int = 65_536
    address: int = 4_096
    rows: int = MOST_ROWS
    file_rows: int = 500_000
    parallel: int = 64
    seconds: float = 30.0
    upload: int = 256 << 20
    jobs: JobCaps = field(default_factory=JobCaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One start of the observatory.

    Parameters
    ----------
    mode
        ``"private"``: the owner's desk, a token is asked for. ``"public"``: released
        tables that passed disclosure control, no token.
    host, port
        Where it listens; the port is part of the cookie's name and of allowed hosts.
    hosts
        Names by which it may be called, without port.
    token
        Secret of this start, 256 random bits.
    password
        Asked for when it listens on a network; empty for none.
    root
        Path under which a proxy serves it, for example ``"/observatory"``.
    frames
        Sites that may show views in a frame (``?embed=1``), for example
        ``("https://desk.office",)``.
    limits
        What one request may cost.
    """

    mode: Mode = "private"
    host: str = "127.0.0.1"
    port: int = 8321
    hosts: tuple[str, ...] = LOOPBACK
    token: str = field(
        default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES), repr=False
    )
    password: str = field(default="", repr=False)
    root: str = ""
    frames: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def cookie(self) -> str:
        """Name of the cookie; it holds the port, which browsers do not tell apart."""
        return f"agglo_{self.port}"

    @property
    def desk(self) -> bool:
        """Whether it is the owner's own desk: only there are routes that write."""
        own = self.host in ("127.0.0.1", "localhost", "::1")
        return self.mode == "private" and own and not self.password

    @property
    def origins(self) -> frozenset[str]:
        """What ``Host`` may say."""
        names = {f"{name}:{self.port}" for name in self.hosts}
        if self.port in (80, 443):
            names |= set(self.hosts)
        return frozenset(names)

    @property
    def address(self) -> str:
        """The address to open, without the token."""
        return f"http://{self.host}:{self.port}{self.root}/"


def check_frames(settings: Settings) -> None:
    """Refuse sites that cannot show a view in a frame.

    Parameters
    ----------
    settings
        Mode and sites.

    Raises
    ------
    OptionError
        If a site is no scheme and host, or the mode is private: its cookie is not sent
        to frames of other sites. All that is wrong is listed.
    """
    problems = [
        Problem(
            code="bad_site",
            what=f"'{site}' is no scheme and host",
            where="--embed-host",
            fix="write it as https://host or https://host:port, without a path",
        )
        for site in settings.frames
        if not _SITE.match(site)
    ]
    if settings.frames and settings.mode != "public":
        what = "frames of other sites get no cookie, so a private view cannot open"
        problems.append(
            Problem(
                code="private_frame",
                what=what,
                where="--embed-host",
                fix="add --mode public",
            )
        )
    if problems:
        msg = "These sites cannot show views in a frame."
        raise OptionError(msg, problems)


def check_binding(
    settings: Settings, *, allow_network: bool, without_tls: bool
) -> None:
    """Refuse to listen where others can reach it, unless all of it was asked for.

    Parameters
    ----------
    settings
        Where to listen and under which names.
    allow_network
        Whether listening on a network was asked for.
    without_tls
        Whether unencrypted answers (or a proxy that encrypts) were accepted.

    Raises
    ------
    OptionError
        If the address is not this machine's own and a flag, a list of names, a password
        (in private mode) or the waiver is missing; all that is missing is listed.
    """
    if settings.host in ("127.0.0.1", "localhost", "::1"):
        return
    needs = {
        "--allow-network": allow_network,
        "--allow-host NAME": set(settings.hosts) > set(LOOPBACK),
        _PASSWORD: bool(settings.password) or settings.mode == "public",
        "--without-tls": without_tls,
    }
    problems = [
        Problem(
            code="network_refused",
            what=f"listening on {settings.host} needs {flag}",
            where="--host",
            fix=f"{'set' if flag == _PASSWORD else 'add'} {flag}, or leave --host out to "
            "listen on 127.0.0.1",
        )
        for flag, given in needs.items()
        if not given
    ]
    if problems:
        msg = f"agglo does not listen on {settings.host} unasked."
        raise OptionError(msg, problems)
