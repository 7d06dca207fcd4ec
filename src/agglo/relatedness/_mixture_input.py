"""What each kind of mixture looks at, brought to items x features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError, NotIdentifiedError, OptionError
from agglo.core.frames import (
    encode_labels,
    float_column,
    frame_kind,
    require_columns,
    to_arrow,
)
from agglo.core.options import check_choice
from agglo.core.results import Undefined, digest_of
from agglo.core.tables import RegionActivity, as_points, as_region_activity
from agglo.relatedness import _kernels_mixture as kernels
from agglo.relatedness.relatedness_results import Proximity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntoFrame

_DIMENSIONS = 10
_COUNTS = ("network", "multinomial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Columns that a frame is read by."""

    item: str
    features: Sequence[str] | None
    region: str
    activity: str
    value: str
    origin: str
    destination: str
    weight: str | None
    x: str
    y: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Items x features, a weight per item, and what should be known of them."""

    label: NDArray[np.str_]
    x: FloatArray
    weight: FloatArray
    method: str
    covariance: str
    regularisation: float
    symmetric: bool
    frame_kind: FrameKind
    undefined: tuple[Undefined, ...] = ()
    notes: tuple[str, ...] = ()
    # regions x industries, where the items are the industries of such a table
    counts: FloatArray | None = None
    resample: str = "items"
    bayesian: bool = False

    @property
    def digest(self) -> str:
        """Hash of what is clustered."""
        return digest_of(self.label, self.x, self.weight, self.method)

    def parameters(self, k: int) -> int:
        """Count the free parameters of a mixture of k."""
        d = self.x.shape[1]
        if self.method in _COUNTS:
            return k - 1 + k * (d - 1)
        per = {
            "full": k * d * (d + 1) // 2,
            "tied": d * (d + 1) // 2,
            "diag": k * d,
            "spherical": k,
        }
        return k - 1 + k * d + per[self.covariance]

    def family(self) -> kernels.Family:
        """Give the features of the log-density and how to maximise it."""
        equal = bool(np.all(self.weight == 1.0))
        if self.method in _COUNTS:
            return kernels.Family(
                features=self.x,
                weight=self.weight,
                constant=0.0,
                maximise=kernels.multinomial(),
                equal=equal,
            )
        d = self.x.shape[1]
        centred, scale = self.standard()
        reg = self.regularisation / scale**2
        full = self.covariance in ("full", "tied")
        maximise = (
            kernels.normal_full(d, reg, tied=self.covariance == "tied")
            if full
            else kernels.normal_diagonal(
                d, reg, spherical=self.covariance == "spherical"
            )
        )
        return kernels.Family(
            features=kernels.quadratic(centred, full=full),
            weight=self.weight,
            # densities were taken in units of `scale`
            constant=-float(self.weight.sum()) * d * float(np.log(scale)),
            maximise=maximise,
            equal=equal,
        )

    def standard(self) -> tuple[FloatArray, float]:
        """Centre the features and divide them by one number, their spread."""
        total = self.weight.sum()
        centred = self.x - (self.weight @ self.x) / total
        scale = float(np.sqrt((self.weight @ (centred**2)).mean() / total))
        return centred / (scale or 1.0), scale or 1.0

    def seeds(self) -> FloatArray:
        """Give coordinates in which starting groups are compact."""
        if self.method in _COUNTS:
            total = self.x.sum(axis=1, keepdims=True)
            return np.sqrt(self.x / np.where(total > 0, total, 1.0))
        return self.standard()[0]


def read_items(
    data: IntoFrame | RegionActivity | Proximity,
    method: str,
    names: Names,
    *,
    items: str,
    directed: bool,
    direction: str,
    covariance: str | None,
    regularisation: float | None,
    resample: str | None,
    bayesian: bool = False,
) -> Items:
    """Bring the data of a method to items x features."""
    chosen = covariance or ("full" if method == "spatial" else "diag")
    symmetric = False
    undefined: tuple[Undefined, ...] = ()
    notes: tuple[str, ...] = ()
    weight = counts = None
    kind = data.frame_kind if hasattr(data, "frame_kind") else frame_kind(data)
    if method == "network":
        label, x, undefined = _network(data, names, directed, direction)
        symmetric = not directed
        if np.any(x % 1 != 0):
            notes = ("weights are not whole: likelihoods are those of scaled counts",)
    elif method == "multinomial":
        label, x, undefined = _counts(data, names, items)
        counts = x.T if items == "activity" else None
    elif method == "spatial":
        label, x, weight = _places(data, names)
    else:
        label, x = _features(data, names)
        counts = data.values if isinstance(data, RegionActivity) else None
        if x.shape[0] <= x.shape[1] and chosen in ("full", "tied"):
            msg = (
                f"{x.shape[0]} items in {x.shape[1]} dimensions have a singular "
                "covariance: embed them first, or take covariance='diag'."
            )
            raise NotIdentifiedError(msg)
    default = 1e-3 if isinstance(data, RegionActivity) else 1e-6
    return Items(
        label=label,
        x=np.ascontiguousarray(x, dtype=np.float64),
        weight=np.ones(label.size) if weight is None else weight,
        method=method,
        covariance=chosen,
        regularisation=default if regularisation is None else regularisation,
        symmetric=symmetric,
        frame_kind=kind,
        undefined=undefined,
        notes=notes,
        counts=counts,
        resample=_resampled(method, counts is not None, resample),
        bayesian=bayesian,
    )


def _resampled(method: str, has_regions: bool, given: str | None) -> str:
    """Say what is drawn anew for the stability; regions where the items are industries."""
    if given is None:
        if method in _COUNTS:
            return "events"
        return "regions" if has_regions else "items"
    possible = ["events" if method in _COUNTS else "items"]
    possible += ["regions"] if has_regions else []
    return check_choice("resample", given, possible)


def _network(
    data: IntoFrame | RegionActivity | Proximity,
    names: Names,
    directed: bool,
    direction: str,
) -> tuple[NDArray[np.str_], FloatArray, tuple[Undefined, ...]]:
    undefined: list[Undefined] = []
    if isinstance(data, Proximity):
        label, a = data.label, data.values.copy()
        np.fill_diagonal(a, 0.0)
        blank = np.isnan(a).sum(axis=1) >= label.size - 1
        undefined += [
            Undefined(reason="no proximity: left out", item=str(i))
            for i in label[blank]
        ]
        label, a = label[~blank], a[np.ix_(~blank, ~blank)]
    else:
        label, a = _adjacency(data, names, directed)
    if not np.isfinite(a).all() or np.any(a < 0):
        msg = "Links must be known, finite and not negative."
        raise InvalidTableError(msg)
    if directed and direction != "out":
        a = a.T if direction == "in" else np.hstack([a, a.T])
    undefined += [
        Undefined(
            reason="no link: memberships are the shares of the groups", item=str(i)
        )
        for i in label[a.sum(axis=1) == 0]
    ]
    return label, a, tuple(undefined)


def _adjacency(
    data: IntoFrame | RegionActivity, names: Names, directed: bool
) -> tuple[NDArray[np.str_], FloatArray]:
    if isinstance(data, RegionActivity):
        msg = "method='network' needs links or a Proximity, not a RegionActivity."
        raise OptionError(msg)
    table = to_arrow(data)
    require_columns(table, {"origin": names.origin, "destination": names.destination})
    one, i = encode_labels(table, names.origin)
    other, j = encode_labels(table, names.destination)
    label = np.unique(np.concatenate([one, other]))
    i, j = np.searchsorted(label, one)[i], np.searchsorted(label, other)[j]
    if names.weight is not None and names.weight in table.column_names:
        weight = float_column(table, names.weight)
    else:
        weight = np.ones(i.size)
    a = np.zeros((label.size, label.size))
    np.add.at(a, (i, j), weight)
    if not directed:
        a = a + a.T - np.diag(np.diag(a))
    return label, a


def _counts(
    data: IntoFrame | RegionActivity | Proximity, names: Names, items: str
) -> tuple[NDArray[np.str_], FloatArray, tuple[Undefined, ...]]:
    if isinstance(data, Proximity):
        msg = "method='multinomial' needs an activity table, not a Proximity."
        raise OptionError(msg)
    table = as_region_activity(
        data, region=names.region, activity=names.activity, value=names.value
    )
    x = table.values if items == "region" else table.values.T
    label = table.region if items == "region" else table.activity
    empty = x.sum(axis=1) == 0
    undefined = tuple(
        Undefined(reason="empty: memberships are the shares of the groups", item=str(i))
        for i in label[empty]
    )
    return label, x, undefined


def _places(
    data: IntoFrame | RegionActivity | Proximity, names: Names
) -> tuple[NDArray[np.str_], FloatArray, FloatArray]:
    if isinstance(data, (RegionActivity, Proximity)):
        msg = "method='spatial' needs a frame of coordinates."
        raise OptionError(msg)
    table = to_arrow(data)
    require_columns(table, {"item": names.item})
    weighted = names.weight if names.weight in table.column_names else None
    points = as_points(table, x=names.x, y=names.y, weight=weighted)
    label, code = encode_labels(table, names.item)
    order = _once(code, label)
    x = np.column_stack([points.x_km, points.y_km])
    if not points.weight.sum() > 0:
        msg = "All weights are 0."
        raise InvalidTableError(msg)
    return label, x[order], points.weight[order]


def _once(code: NDArray[np.int64], label: NDArray[np.str_]) -> NDArray[np.intp]:
    if label.size != code.size:
        msg = f"{code.size - label.size} rows repeat an item; one row per item."
        raise InvalidTableError(msg)
    return np.argsort(code, kind="stable")


def _features(
    data: IntoFrame | RegionActivity | Proximity, names: Names
) -> tuple[NDArray[np.str_], FloatArray]:
    if isinstance(data, RegionActivity):
        return data.activity, embedded(data.values)
    if isinstance(data, Proximity):
        msg = "method='gaussian' needs features or a RegionActivity, not a Proximity."
        raise OptionError(msg)
    table = to_arrow(data)
    require_columns(table, {"item": names.item})
    label, code = encode_labels(table, names.item)
    order = _once(code, label)
    chosen = names.features or [c for c in table.column_names if c != names.item]
    require_columns(table, {f"feature '{c}'": c for c in chosen})
    x = np.column_stack([float_column(table, c) for c in chosen])
    if not np.isfinite(x).all():
        msg = "Features must be known and finite; impute or leave items out."
        raise InvalidTableError(msg)
    return label, x[order]


def embedded(counts: FloatArray) -> FloatArray:
    """Place industries by the correlation of their relative shares over regions.

    Logarithmic shares, less the mean of the region, standardised; principal components of
    the correlations between industries, at most ten.
    """
    if np.isnan(counts).any():
        msg = "Unknown cells: the embedding needs every cell."
        raise InvalidTableError(msg)
    shifted = counts + 0.5
    y = np.log(shifted / shifted.sum(axis=1, keepdims=True))
    y -= y.mean(axis=1, keepdims=True)
    y -= y.mean(axis=0)
    sd = y.std(axis=0)
    y /= np.where(sd > 0, sd, 1.0)
    related = y.T @ y / y.shape[0]
    centred = related - related.mean(axis=0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    kept = np.argsort(-values)[: min(_DIMENSIONS, related.shape[0] - 1)]
    vectors = vectors[:, kept]
    # the direction of a component is arbitrary: its largest entry points up
    flip = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(kept.size)])
    return vectors * flip * np.sqrt(np.maximum(values[kept], 0.0))
