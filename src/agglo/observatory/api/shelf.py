"""Which release is served: the one the pointer names, reopened when it moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from agglo.core.errors import AggloError
from agglo.observatory.api.cursors import Cursors, signing_key
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.stock import Stock
from agglo.observatory.pages import PAGES, VIEWS
from agglo.observatory.release import CURRENT, Mode, open_release

__all__ = ["Shelf"]


@dataclass(eq=False)
class Shelf:
    """The releases of a project, of which one is current.

    A request keeps the release it began with; the next one sees the new one.

    Parameters
    ----------
    project
        Project folder.
    mode
        Which pointer is followed; a private release is never served in public mode.
    """

    project: Path
    mode: Mode
    _seen: str = ""
    _stock: Stock | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def key(self) -> bytes:
        """The key that signs cursors."""
        return signing_key(self.project / "release")

    def current(self) -> Stock:
        """Give the current release.

        Returns
        -------
        Stock
            Open for reading.

        Raises
        ------
        ApiError
            503 when there is none or it cannot be read.
        """
        pointer = self.project / "release" / CURRENT[self.mode]
        try:
            name = pointer.read_text("utf-8").strip()
        except OSError as error:
            raise _absent() from error
        with self._lock:
            if self._stock is None or name != self._seen:
                try:
                    self._stock = Stock(open_release(self.project, mode=self.mode))
                except AggloError as error:
                    raise _absent() from error
                self._seen = name
            return self._stock

    def cursors(self, stock: Stock) -> Cursors:
        """Give the cursors of a release."""
        return Cursors(self.key, stock.release.id)

    def warm(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Read what the pages show before the first request asks for it.

        Parameters
        ----------
        stop
            Asked now and then whether to leave the rest unread.
        """
        stock = self.current()
        wanted = [
            (v.table, (*v.filters.values(), *v.keep))
            for v in VIEWS.values()
            if v.table in stock.release
        ]
        chosen = [(s.table, (s.column,)) for p in PAGES.values() for s in p.selectors]
        stock.warm([*wanted, *chosen], stop)


def _absent() -> ApiError:
    return ApiError(
        503,
        "no_release",
        "There is no release to show at this moment.",
        fix="try again; if it stays so, run `agglo serve` anew",
        retry=1,
    )
