"""A composite index as a list of logged steps that can be edited and run again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import AlignmentError, OptionError, suggest
from agglo.core.options import check_choice
from agglo.core.results import to_json
from agglo.evaluation._coin_steps import STEPS, WRITES, resolved, run_step
from agglo.evaluation._workbook import coin_workbook, workbook_tables
from agglo.evaluation.coin import CoinTables, as_coin_tables
from agglo.evaluation.indicators import Indicators
from agglo.evaluation.results import CompositeIndex

if TYPE_CHECKING:
    from agglo.core.results import Result
    from agglo.core.typing import IntoFrame, Json

__all__ = ["Coin", "CoinStep", "as_coin"]

RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinStep:
    """One line of the log.

    Parameters
    ----------
    step
        ``denominate``, ``screen``, ``impute``, ``treat``, ``normalise``, ``aggregate`` or
        ``custom``.
    read, write
        Names of the data set that goes in and of the one that comes out.
    arguments
        What the step was told.
    """

    step: str
    read: str
    write: str
    arguments: Mapping[str, object]

    def to_dict(self) -> dict[str, Json]:
        """Give plain values; a function is named, not stored."""
        plain = {
            k: f"function {getattr(v, '__qualname__', 'unnamed')}" if callable(v) else v
            for k, v in self.arguments.items()
        }
        return {
            "step": self.step,
            "read": self.read,
            "write": self.write,
            "arguments": to_json(plain),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Coin:
    """Data sets by name, and the log of the steps that made them.

    Nothing is overwritten: a step reads a named data set and writes a new one; a change of
    an argument makes a new coin.

    Parameters
    ----------
    tables
        What the metadata say: indicators, weights, groups, denominators.
    data
        Name to data set; ``"raw"`` is the first.
    log
        The steps, in order.
    results
        Name to the full result of the step that wrote it: what was imputed, treated,
        dropped.
    """

    tables: CoinTables
    data: Mapping[str, Indicators | CompositeIndex]
    log: tuple[CoinStep, ...] = ()
    results: Mapping[str, Result] = field(default_factory=dict)

    @property
    def index(self) -> CompositeIndex:
        """The index of the last aggregation.

        Raises
        ------
        OptionError
            If nothing was aggregated yet.
        """
        for step in reversed(self.log):
            found = self.data[step.write]
            if isinstance(found, CompositeIndex):
                return found
        msg = "The coin has no index yet: add .step('aggregate')."
        raise OptionError(msg)

    def step(
        self, step: str, *, read: str = "", write: str = "", **arguments: object
    ) -> Coin:
        """Give the coin with one more step.

        Parameters
        ----------
        step
            One of the steps of `CoinStep`.
        read
            Data set that goes in; empty: the newest table of indicators.
        write
            Name of the new one; empty: ``"denominated"``, ``"screened"``, and so on.
        **arguments
            Options of `denominate` (amounts and `by` are those of the metadata where not
            given), `screen_units`, `impute` (`group` may name a grouping), `treat_outliers`,
            `normalise` or `composite_index` (`weights` are those of the metadata where not
            given; the values are taken as normalised). ``custom``: `function`, from a table
            of values (n_rows, n_indicators) to another.

        Returns
        -------
        Coin
            A new coin.

        Raises
        ------
        OptionError
            If the step or an argument is unknown, or the name is taken.
        AlignmentError
            If there is no data set of the name `read`.
        """
        check_choice("step", step, STEPS)
        name = write or WRITES[step]
        if name in self.data:
            msg = f"write={name!r} is taken: data sets are never overwritten. Give a name."
            raise OptionError(msg)
        source = read or self._newest()
        found = self.data.get(source)
        if not isinstance(found, Indicators):
            known = [k for k, v in self.data.items() if isinstance(v, Indicators)]
            hint = suggest(source, known)
            msg = (
                f"read={source!r} is no table of indicators. {hint} There are {known}."
            )
            raise AlignmentError(msg)
        entry = CoinStep(step=step, read=source, write=name, arguments=dict(arguments))
        made, result = run_step(step, found, resolved(self.tables, step, arguments))
        results = self.results if result is None else {**self.results, name: result}
        return replace(
            self,
            data={**self.data, name: made},
            log=(*self.log, entry),
            results=results,
        )

    def regenerate(
        self,
        from_step: str = "",
        *,
        edit: Mapping[str, Mapping[str, object]] | None = None,
    ) -> Coin:
        """Run the log again, with other arguments.

        Parameters
        ----------
        from_step
            Data set from whose step on the log is run again; what lies before is kept.
            Empty: all of it, or from the first edited step.
        edit
            Data set to arguments that its step gets instead, for example
            ``{"normalised": {"method": "zscore"}}``; others keep theirs.

        Returns
        -------
        Coin
            A new coin; without edits the same numbers.

        Raises
        ------
        AlignmentError
            If a name is not in the log, or an edited step lies before `from_step`.
        """
        names = [s.write for s in self.log]
        changes = edit or {}
        for name in (*changes, *([from_step] if from_step else [])):
            if name not in names:
                hint = suggest(name, names)
                msg = f"{name!r} was written by no step of the log. {hint}".rstrip()
                raise AlignmentError(msg)
        edited = [names.index(n) for n in changes]
        start = names.index(from_step) if from_step else min(edited, default=0)
        early = [names[k] for k in edited if k < start]
        if early:
            msg = f"edit={early} lies before from_step={from_step!r}: begin earlier."
            raise AlignmentError(msg)
        kept = {RAW, *names[:start]}
        coin = replace(
            self,
            data={k: v for k, v in self.data.items() if k in kept},
            log=self.log[:start],
            results={k: v for k, v in self.results.items() if k in kept},
        )
        for s in self.log[start:]:
            told = {**s.arguments, **changes.get(s.write, {})}
            coin = coin.step(s.step, read=s.read, write=s.write, **told)
        return coin

    def log_json(self) -> str:
        """Write the log as JSON, one object per step."""
        steps = [s.to_dict() for s in self.log]
        return json.dumps(steps, indent=2, ensure_ascii=False) + "\n"

    def replay(
        self,
        log: str,
        *,
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> Coin:
        """Run a log written by `log_json` on the raw data of this coin.

        Parameters
        ----------
        log
            JSON.
        functions
            Data set to the function of its custom step: these are not in the file.

        Returns
        -------
        Coin
            A new coin.

        Raises
        ------
        OptionError
            If a step needs a function that is not given.
        """
        given = functions or {}
        coin = replace(self, data={RAW: self.data[RAW]}, log=(), results={})
        for entry in json.loads(log):
            told = {
                k: _tuples(v)
                for k, v in entry["arguments"].items()
                if not str(v).startswith("function ")
            }
            lost = set(entry["arguments"]) - set(told)
            if lost and entry["write"] not in given:
                msg = f"functions has none for {entry['write']!r}: {sorted(lost)}."
                raise OptionError(msg)
            told.update(dict.fromkeys(lost, given.get(entry["write"])))
            coin = coin.step(
                entry["step"], read=entry["read"], write=entry["write"], **told
            )
        return coin

    def to_workbook(self) -> bytes:
        """Write a spreadsheet: one sheet per data set, the metadata and the log.

        Returns
        -------
        bytes
            An ``.xlsx`` file.

        Raises
        ------
        MissingExtraError
            If the extra ``excel`` is not installed.
        """
        return coin_workbook(self.tables, self.data, [s.to_dict() for s in self.log])

    @classmethod
    def from_workbook(
        cls,
        path: str | Path,
        *,
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> Coin:
        """Read a spreadsheet that `to_workbook` wrote, and run its log again.

        Parameters
        ----------
        path
            File with the sheets iData, iMeta and, if there is one, log. The other sheets
            are made anew from the log.
        functions
            As for `replay`.

        Returns
        -------
        Coin
            The coin.

        Raises
        ------
        MissingExtraError
            If the extra ``excel`` is not installed.
        InvalidTableError
            With code not_coin_workbook, or as `as_coin_tables`.
        """
        data, meta, log = workbook_tables(path)
        tables = as_coin_tables(data, meta, use_time="Time" in data.column_names)
        coin = cls(tables=tables, data={RAW: tables.indicators})
        return coin.replay(log, functions=functions)

    def save_workbook(self, path: str | Path) -> Path:
        """Write the spreadsheet to a file and give its path."""
        target = Path(path)
        target.write_bytes(self.to_workbook())
        return target

    def _newest(self) -> str:
        for name, found in reversed(list(self.data.items())):
            if isinstance(found, Indicators):
                return name
        return RAW


def as_coin(
    data: IntoFrame | CoinTables,
    meta: IntoFrame | None = None,
    *,
    use_time: bool = False,
) -> Coin:
    """Begin a log of steps on data in the layout of COINr.

    Use it for an index that will be argued about: every step is written down and can be
    run again with another argument. Single steps need no coin: see `composite_index`.

    Parameters
    ----------
    data, meta, use_time
        As in `as_coin_tables`, or its result without `meta`.

    Returns
    -------
    Coin
        With the data set ``"raw"`` and an empty log.

    Raises
    ------
    OptionError
        If `meta` is absent, or given with a result of `as_coin_tables`.
    InvalidTableError
        As `as_coin_tables`.

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (coins, Log and Regen of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import as_coin
    >>> meta = pa.table({"iCode": ["x", "y", "I"], "Level": [1, 1, 2],
    ...     "Parent": ["I", "I", None], "Direction": [1, 1, 1], "Weight": [1.0, 3.0, 1.0],
    ...     "Type": ["Indicator", "Indicator", "Aggregate"]})
    >>> data = pa.table({"uCode": ["a", "b", "c"], "x": [1.0, 2.0, 3.0], "y": [4.0, 6.0, 5.0]})
    >>> coin = as_coin(data, meta).step("normalise").step("aggregate")
    >>> coin.index.value.tolist()
    [0.0, 87.5, 62.5]
    >>> coin.regenerate(edit={"aggregated": {"weights": "equal"}}).index.value.tolist()
    [0.0, 75.0, 75.0]
    """
    if isinstance(data, CoinTables):
        if meta is not None:
            msg = "meta is part of the tables: leave it out."
            raise OptionError(msg)
        tables = data
    else:
        if meta is None:
            msg = "meta is needed: one row per column or aggregate."
            raise OptionError(msg)
        tables = as_coin_tables(data, meta, use_time=use_time)
    return Coin(tables=tables, data={RAW: tables.indicators})


def _tuples(value: object) -> object:
    """Give lists of a JSON file as the tuples that options are."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(value)
    if isinstance(value, Mapping):
        return {k: _tuples(v) for k, v in value.items()}
    return value
