"""Linear programs of the attacker: how far can a hidden cell move, and along which cells.

A deviation d of the hidden cells keeps every published sum when A d = 0. Split into
d = up - down it becomes a circulation; the cheapest one that moves cell k by a given
amount names the fewest other cells that must stay hidden for k to be safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from scipy import sparse

from agglo.core.errors import ConvergenceError, MissingExtraError
from agglo.core.typing import FloatArray, IntArray

__all__ = ["Ranges", "Remembered", "Route", "Router"]

_TOLERANCE = 1e-7
# routes remembered for each cell, and how much longer they may be made: what a program
# leaves of a sum within its tolerance grows with them
_KEPT, _LONGER = 12, 100.0


def _highs() -> ModuleType:
    """Load the solver when the first program needs it."""
    try:
        import highspy
    except ImportError as error:  # pragma: no cover - part of every test install
        raise MissingExtraError(
            "highspy", "disclosure", "the attacker audit of a release"
        ) from error
    module: ModuleType = highspy
    return module


@dataclass(frozen=True, eq=False)
class Route:
    """Cells that move, and by how much, when one cell moves by what protects it."""

    cells: IntArray
    deviation: FloatArray


class Remembered:
    """Routes of cells asked about before: each is one of every cell that moves along it.

    Parameters
    ----------
    down, up
        How far each cell may fall and rise.
    whole
        Whether cells move by whole numbers only.
    """

    def __init__(self, down: FloatArray, up: FloatArray, *, whole: bool) -> None:
        self._down, self._up, self._whole = down, up, whole
        self._routes: dict[int, list[Route]] = {}

    def keep(self, route: Route) -> None:
        """Remember a route under all its cells."""
        for cell in route.cells.tolist():
            known = self._routes.setdefault(cell, [])
            if len(known) < _KEPT:
                known.append(route)

    def recall(
        self, cell: int, amount: float, held: IntArray, fall: FloatArray
    ) -> Route | None:
        """Give a remembered route, made as long as it must be, if all its cells have room.

        Parameters
        ----------
        cell
            The cell asked about.
        amount
            How far it moves; negative: down.
        held, fall
            Cells that an attacker knows about, sorted, and how far they may fall.

        Returns
        -------
        Route or None
            As `Router.route` would give; ``None`` says nothing.
        """
        for route in self._routes.get(cell, ()):
            own = route.cells == cell
            scale = amount / float(route.deviation[own][0])
            if abs(scale) > _LONGER:
                continue
            moved = route.deviation * scale
            moved[own] = amount
            if self._whole:
                near = np.rint(moved)
                if (np.abs(moved - near) > _TOLERANCE).any():
                    continue
                moved = near
            down, up = self._down[route.cells], self._up[route.cells]
            if ((moved < -down) | (moved > up)).any():
                continue
            at = np.searchsorted(held, route.cells)
            known = at < held.size
            known[known] = held[at[known]] == route.cells[known]
            known &= ~own
            room = fall[at[known]]
            if ((moved[known] < -room) | (room <= 0)).any():
                continue
            return Route(route.cells, moved)
        return None


class _Model:
    """A HiGHS model whose bounds and costs change while its basis stays warm."""

    def __init__(
        self,
        matrix: sparse.csc_array,
        cost: FloatArray,
        low: FloatArray,
        high: FloatArray,
    ) -> None:
        self.highs = highspy = _highs()
        solver = highspy.Highs()
        for option, value in (
            ("output_flag", False),
            ("log_to_console", False),
            ("presolve", "off"),
            ("solver", "simplex"),
            ("threads", 1),
            ("random_seed", 0),
        ):
            solver.setOptionValue(option, value)
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = matrix.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, low, high
        lp.row_lower_ = lp.row_upper_ = np.zeros(matrix.shape[0])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
        lp.a_matrix_.value_ = matrix.data.astype(float)
        solver.passModel(lp)
        self.solver = solver

    def bounds(self, columns: IntArray, low: FloatArray, high: FloatArray) -> None:
        """Set the bounds of some columns."""
        self.solver.changeColsBounds(
            len(columns),
            columns.astype(np.int32),
            low.astype(float),
            high.astype(float),
        )

    def costs(self, columns: IntArray, cost: FloatArray) -> None:
        """Set the costs of some columns."""
        self.solver.changeColsCost(
            len(columns), columns.astype(np.int32), cost.astype(float)
        )

    def solve_whole(self) -> FloatArray | None:
        """Give a solution in whole numbers, ``None`` when there is none."""
        n = self.solver.getNumCol()
        columns = np.arange(n, dtype=np.int32)
        whole = np.full(n, self.highs.HighsVarType.kInteger)
        self.solver.changeColsIntegrality(n, columns, whole)
        try:
            return self.solve()
        finally:
            whole[:] = self.highs.HighsVarType.kContinuous
            self.solver.changeColsIntegrality(n, columns, whole)

    def solve(self) -> FloatArray | None:
        """Give the solution, ``None`` when there is none."""
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == self.highs.HighsModelStatus.kOptimal:
            return np.asarray(self.solver.getSolution().col_value)
        if status == self.highs.HighsModelStatus.kInfeasible:
            return None
        msg = f"HiGHS stopped the audit: {status}."
        raise ConvergenceError(msg)


class Router:
    """Finds the cheapest way to move one cell while every published sum stays.

    Parameters
    ----------
    matrix
        Relations by cells (the movable ones only).
    down, up
        How far each cell may fall and rise.
    cost
        Price of moving a cell by one; small for cells that are hidden anyway.
    whole
        Whether cells move by whole numbers only.
    """

    def __init__(
        self,
        matrix: sparse.csr_array,
        down: FloatArray,
        up: FloatArray,
        cost: FloatArray,
        *,
        whole: bool = False,
    ) -> None:
        self.size = matrix.shape[1]
        self.whole = whole
        self.down, self.up = down, up
        both = sparse.csc_array(sparse.hstack([matrix, -matrix]))
        self._model = _Model(
            both, np.r_[cost, cost], np.zeros(2 * self.size), np.r_[up, down]
        )

    def make_cheap(self, cells: IntArray, cost: float) -> None:
        """Set the price of cells that are hidden from now on."""
        columns = np.r_[cells, cells + self.size]
        self._model.costs(columns, np.full(columns.size, cost))

    def route(
        self,
        cell: int,
        amount: float,
        *,
        held: IntArray | None = None,
        fall: FloatArray | None = None,
    ) -> Route | None:
        """Move `cell` by `amount` along the cheapest route, as `Reach.route` asks."""
        known = np.empty(0, np.int64) if held is None else held
        room = np.empty(0) if fall is None else fall
        rise = np.where(room > 0, self.up[known], 0.0)
        columns = np.r_[known, known + self.size]
        self._model.bounds(columns, np.zeros(columns.size), np.r_[rise, room])
        # the cell itself moves by exactly the amount, in one direction
        own = np.array([cell, cell + self.size])
        size = abs(amount)
        exact = np.array([size, 0.0]) if amount > 0 else np.array([0.0, size])
        self._model.bounds(own, exact, exact)
        solution = self._model.solve()
        # real numbers reach further than the whole ones an attacker knows of
        if self.whole and solution is not None and _is_broken(solution):
            solution = self._model.solve_whole()
        restore = np.unique(np.r_[columns, own])
        whole = np.r_[self.up, self.down]
        self._model.bounds(restore, np.zeros(restore.size), whole[restore])
        if solution is None:
            return None
        move = solution[: self.size] - solution[self.size :]
        moved = np.flatnonzero(np.abs(move) > _TOLERANCE)
        return Route(moved, move[moved])


def _is_broken(solution: FloatArray) -> bool:
    return bool((np.abs(solution - np.rint(solution)) > 1e-5).any())


class Ranges:
    """Exact smallest and largest deviation of hidden cells.

    Parameters
    ----------
    matrix
        Relations by hidden cells.
    down, up
        How far each cell may fall and rise.
    """

    def __init__(
        self, matrix: sparse.csr_array, down: FloatArray, up: FloatArray
    ) -> None:
        self._last = 0
        self._model = _Model(
            sparse.csc_array(matrix), np.zeros(matrix.shape[1]), -down, up
        )

    def of(self, cell: int) -> tuple[float, float]:
        """Give the range of one cell's deviation."""
        ends = []
        for sign in (1.0, -1.0):
            columns = np.array([self._last, cell])
            costs = np.array([0.0, sign])
            if self._last == cell:
                columns, costs = columns[1:], costs[1:]
            self._model.costs(columns, costs)
            self._last = cell
            solution = self._model.solve()
            # no deviation always is one
            ends.append(0.0 if solution is None else float(solution[cell]))
        return ends[0], ends[1]
