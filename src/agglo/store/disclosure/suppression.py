"""Protect a table: primary and secondary suppression, the audit and its certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, Problem
from agglo.core.options import check_choice
from agglo.core.parallel import Progress
from agglo.core.results import ColumnData, Provenance, Result, frozen_array, version
from agglo.core.typing import BoolArray, FloatArray, Json
from agglo.store.disclosure.audit import Scene, exact_ranges, find_breaches
from agglo.store.disclosure.cells import CellTable
from agglo.store.disclosure.hierarchy import TOTAL
from agglo.store.disclosure.policy import DISCLOSURE_POLICIES, DisclosurePolicy
from agglo.store.disclosure.releases import EarlierRelease, Known, known_from
from agglo.store.disclosure.secondary import complementary_cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DisclosureAudit", "SuppressedTable", "audit_disclosure", "suppress_cells"]

_ATTACKERS = ("an outsider", "a contributor", "two contributors together")
_STATUS = np.array(["published", "primary", "secondary"], dtype=object)


@dataclass(frozen=True, eq=False, kw_only=True)
class DisclosureAudit:
    """What an attacker can work out about a suppressed table.

    Parameters
    ----------
    safe
        Whether every unsafe cell keeps its protection interval against everybody.
    breaches
        ``(cell, direction, attacker)`` in words, empty when safe.
    n_unsafe, n_secondary, n_attackers
        Cells the rules forbid, companions, and attackers (the outsider included).
    worst_ratio
        Smallest width of what an outsider is left with, over what is needed; 1 or more
        when safe. NaN unless the exact ranges were asked for.
    """

    safe: bool
    breaches: tuple[str, ...]
    n_unsafe: int
    n_secondary: int
    n_attackers: int
    worst_ratio: float


@dataclass(frozen=True, eq=False, kw_only=True)
class SuppressedTable(Result):
    """A table that may be published, with its certificate.

    Parameters
    ----------
    cells
        The table with all its cells.
    policy
        The rules.
    status
        0 published, 1 unsafe, 2 companion; by cell.
    audit
        The audit it passed.
    linked
        Which earlier releases it was checked with: their names, how many of its cells
        they had published, sums of other groupings, and values revised since.
    """

    cells: CellTable
    policy: DisclosurePolicy
    status: np.ndarray[tuple[int], np.dtype[np.int8]]
    audit: DisclosureAudit
    linked: Mapping[str, Json] = field(default_factory=dict)

    def published(self, release: str) -> EarlierRelease:
        """Give what this table publishes, for the check of later releases.

        Parameters
        ----------
        release
            Name of the release.

        Returns
        -------
        EarlierRelease
            Values of published cells; NaN for the others.
        """
        return EarlierRelease(
            release=release,
            measure=self.cells.measure,
            dimensions=self.cells.dimensions,
            values=np.where(self.hidden, np.nan, self.cells.total),
        )

    @property
    def hidden(self) -> BoolArray:
        """Suppressed or not, by cell."""
        return self.status > 0

    def columns(self) -> dict[str, ColumnData]:
        """Give one row per cell; suppressed values are missing, with flag ``c``."""
        hidden = self.hidden
        axes = zip(self.cells.dimensions, self.cells.grid, strict=True)
        values = pa.array(self.cells.total, mask=hidden)
        return {
            **{d.name: d.codes[nodes] for d, nodes in axes},
            self.cells.measure: values,
            "flag": np.where(hidden, "c", "").astype(object),
        }

    def reasons(self) -> pa.Table:
        """Give, for the owner's desk only, which cells are hidden and why."""
        found = np.flatnonzero(self.hidden)
        axes = zip(self.cells.dimensions, self.cells.grid, strict=True)
        return pa.table(
            {
                **{d.name: d.codes[nodes[found]].tolist() for d, nodes in axes},
                "status": _STATUS[self.status[found]].tolist(),
            }
        )

    def certificate(self, *, public: bool = False) -> dict[str, Json]:
        """Give what was checked and how it ended.

        Parameters
        ----------
        public
            Leave out the parameters of the rules, which would narrow an attacker's guess.

        Returns
        -------
        dict
            Policy hash, counts, attackers, solver, version.
        """
        audit = self.audit
        # no interval was computed, or no cell is hidden: there is no worst one
        known = np.isfinite(audit.worst_ratio)
        ratio = round(audit.worst_ratio, 6) if known else None
        told: dict[str, Json] = {
            "measure": self.cells.measure,
            "dimensions": [d.name for d in self.cells.dimensions],
            "cells": int(self.status.size),
            "primary": audit.n_unsafe,
            "secondary": audit.n_secondary,
            "attackers": audit.n_attackers,
            "safe": audit.safe,
            "worst_interval_ratio": ratio,
            "coalition": self.policy.coalition,
            "earlier_releases": dict(self.linked),
            "contributions_tested": self.cells.largest is not None,
            "policy": self.policy.digest,
            "input": self.cells.digest,
            "solver": "HiGHS",
            "version": version(),
        }
        if not public:
            told["rules"] = {
                "minimum_count": self.policy.minimum_count,
                "dominance": [list(pair) for pair in self.policy.dominance],
                "p_percent": self.policy.p_percent,
                "count_ratio": self.policy.count_ratio,
                "lower_ratio": self.policy.lower_ratio,
                "prior_ratio": self.policy.prior_ratio,
            }
        return told

    def summary(self) -> str:
        """Give the counts in one sentence."""
        return (
            f"{self.status.size} cells: {self.audit.n_unsafe} unsafe, "
            f"{self.audit.n_secondary} hidden with them; safe against "
            f"{self.audit.n_attackers} attackers."
        )

    def _draw(self, ax: Axes) -> None:
        """Draw how many cells are published, unsafe, and hidden with them."""
        counts = np.bincount(self.status, minlength=3)
        ax.barh(_STATUS.tolist(), counts.tolist(), color="0.4")
        ax.set_xlabel("cells")


def suppress_cells(
    cells: CellTable,
    *,
    policy: DisclosurePolicy | str = "p10",
    earlier: Iterable[Mapping[str, str]] = (),
    public: Iterable[Mapping[str, str]] = (),
    waived: Iterable[Mapping[str, str]] = (),
    releases: Sequence[EarlierRelease] = (),
    exact: bool = False,
    progress: Progress | None = None,
) -> SuppressedTable:
    """Hide unsafe cells and as many others as it takes that none can be worked out.

    Parameters
    ----------
    cells
        From :func:`cells_from_records` or :func:`cells_from_totals`.
    policy
        Rules, or the name of a preset of :data:`DISCLOSURE_POLICIES`.
    earlier
        Cells hidden in earlier releases, each as {dimension: code}; preferred companions.
    public
        Cells known to everybody; never hidden.
    waived
        Cells whose contributors have agreed to publication; not unsafe whatever the rules
        say, and never hidden.
    releases
        Earlier releases of this table: attackers have kept them. What they published is
        known, also by other groupings of the same leaves; what they hid is preferred.
    exact
        Also compute the exact range an outsider is left with for every unsafe cell.
    progress
        Called with the number of questions that an audit has put, and of all it may put;
        every round of repair has an audit of its own.

    Returns
    -------
    SuppressedTable
        Only ever a safe one.

    Raises
    ------
    NotIdentifiedError
        When no pattern protects the table (nothing is released then), with the cells; so
        too when an earlier release has published a cell that is unsafe now.
    OptionError
        For a policy that does not exist.
    AlignmentError
        For cells in `earlier` or `public` that the table does not have.

    Notes
    -----
    Companions are found relation by relation, the smallest that covers; then attacker's
    linear programs (Fischetti and Salazar 2001, doi:10.1287/mnsc.47.7.1008.9804) audit
    the pattern and repair every breach, until there is none. Attackers are an outsider,
    who knows that values are not negative, and every holding that is the largest in a
    hidden cell, who knows its own contributions there. A true zero is published. The
    same input gives the same pattern. For counts (``whole=True``) protection is rounded
    up to whole numbers and moves of cells are whole too. Large tables are audited near
    each cell first, in all that hangs together with it at last: 3 million cells take 16 s.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.store.disclosure import cells_from_records
    >>> jobs = [9.0, 1, 4, 4, 4, 30, 3, 3, 3, 5, 5, 5, 7, 7, 7]
    >>> rows = pa.table(
    ...     {
    ...         "region": ["R1"] * 6 + ["R2"] * 3 + ["R3"] * 6,
    ...         "industry": list("aabbbc") + list("aaa") + list("aaabbb"),
    ...         "jobs": jobs,
    ...     }
    ... )
    >>> table = cells_from_records(rows, dimensions=("region", "industry"), value="jobs")
    >>> suppress_cells(table).audit.safe
    True
    """
    rules = _policy(policy)
    known = known_from(cells, releases)
    agreed = _mask(cells, waived, "waived")
    scene = Scene.of(cells, rules, known.sums).without(agreed)
    hidden, n_attackers = complementary_cells(
        scene,
        earlier=_mask(cells, earlier, "earlier") | known.hidden,
        public=_mask(cells, public, "public") | known.public | agreed,
        progress=progress,
    )
    status = np.where(scene.unsafe, 1, np.where(hidden, 2, 0)).astype(np.int8)
    audit = DisclosureAudit(
        safe=True,
        breaches=(),
        n_unsafe=int(scene.unsafe.sum()),
        n_secondary=int((status == 2).sum()),
        n_attackers=n_attackers,
        worst_ratio=_worst_ratio(scene, hidden) if exact else float("nan"),
    )
    return SuppressedTable(
        cells=cells,
        policy=rules,
        status=frozen_array(status),
        audit=audit,
        linked=_linked(known) if releases else {},
        provenance=Provenance.of(
            suppress_cells, cells, parameters={"policy": rules.digest, "exact": exact}
        ),
    )


def audit_disclosure(
    cells: CellTable,
    hidden: BoolArray,
    *,
    policy: DisclosurePolicy | str = "p10",
    releases: Sequence[EarlierRelease] = (),
    exact: bool = False,
) -> DisclosureAudit:
    """Say what an attacker can work out about a pattern of suppressed cells.

    Parameters
    ----------
    cells
        The table.
    hidden
        Suppressed or not, by cell in the order of `cells`.
    policy
        Rules, or the name of a preset.
    releases
        Earlier releases that attackers have kept; a cell that one of them has published
        counts as not suppressed.
    exact
        Also compute exact ranges.

    Returns
    -------
    DisclosureAudit
        With every breach named.

    Raises
    ------
    AlignmentError
        If `hidden` has another length than the table.
    """
    mask = np.asarray(hidden, bool)
    if mask.shape != cells.total.shape:
        msg = f"hidden has shape {mask.shape}, the table {cells.total.shape} cells."
        raise AlignmentError(msg)
    known = known_from(cells, releases)
    mask = mask & ~known.public
    scene = Scene.of(cells, _policy(policy), known.sums)
    breaches, n_attackers = find_breaches(scene, mask)
    return DisclosureAudit(
        safe=not breaches,
        breaches=tuple(
            f"{cells.label(b.cell)} can be worked out "
            f"{'from above' if b.direction > 0 else 'from below'} by "
            f"{_ATTACKERS[len(b.members)]}"
            for b in breaches
        ),
        n_unsafe=int(scene.unsafe.sum()),
        n_secondary=int((mask & ~scene.unsafe).sum()),
        n_attackers=n_attackers,
        worst_ratio=_worst_ratio(scene, mask) if exact else float("nan"),
    )


def _linked(known: Known) -> dict[str, Json]:
    return {
        "releases": list[Json](known.releases),
        "known": int(known.public.sum()),
        "sums": 0 if known.sums is None else int(known.sums.shape[0]),
        "revised": known.n_revised,
    }


def _policy(policy: DisclosurePolicy | str) -> DisclosurePolicy:
    if isinstance(policy, DisclosurePolicy):
        return policy
    check_choice("policy", policy, sorted(DISCLOSURE_POLICIES))
    return DISCLOSURE_POLICIES[policy]


def _mask(
    cells: CellTable, named: Iterable[Mapping[str, str]], where: str
) -> BoolArray:
    mask = np.zeros(cells.total.size, bool)
    problems = []
    for cell in named:
        nodes = [d.place.get(str(cell.get(d.name, TOTAL))) for d in cells.dimensions]
        known = [n for n in nodes if n is not None]
        if len(known) < len(nodes):
            problems.append(
                Problem(
                    code="unknown_code",
                    what=f"the table has no cell {dict(cell)}",
                    where=where,
                    fix="drop it, or check its codes",
                )
            )
            continue
        mask[np.ravel_multi_index(tuple(known), cells.shape)] = True
    if problems:
        msg = "Cells that the table does not have."
        raise AlignmentError(msg, problems)
    return mask


def _worst_ratio(scene: Scene, hidden: BoolArray) -> float:
    found, low, high = exact_ranges(scene, hidden)
    if not found.size:
        return float("inf")
    up: FloatArray = high / scene.upper[found]
    down: FloatArray = -low / np.maximum(scene.lower[found], 1e-12)
    return float(min(up.min(), down.min()))
