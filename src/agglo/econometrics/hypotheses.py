"""What the signs of active and passive pools say: mutual gain, parasitism, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError
from agglo.core.inference import fdr
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.econometrics.regression_results import Combination, RegressionFit

__all__ = ["Hypothesis", "SpilloverHypotheses", "spillover_hypotheses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One formal hypothesis on pool coefficients.

    Attributes
    ----------
    name
        ``"pools matter"``, ``"active above passive"``, ``"mutual gain"``,
        ``"parasitism, strong"``, ``"parasitism, weak"``.
    link
        Class it is about; empty for all.
    value, statistic, p, q
        Contrast, statistic, p-value, and q over link classes (Benjamini-Hochberg).
    supported
        Whether q is below the level.
    """

    name: str
    link: str
    value: float
    statistic: float
    p: float
    q: float
    supported: bool


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SpilloverHypotheses(Result):
    """Tests of directional spillovers and a verdict per class of link.

    Attributes
    ----------
    tests
        Hypotheses in order.
    verdicts
        Class to ``"mutualism"``, ``"parasitism"``, ``"commensalism"``, ``"amensalism"``,
        ``"competition"`` or ``"undetermined"``.
    level
        Level of tests and verdicts.
    share
        Share of the mover's gain below which the host's counts as small.
    """

    tests: tuple[Hypothesis, ...]
    verdicts: Mapping[str, str]
    level: float
    share: float

    def test(self, name: str, link: str = "") -> Hypothesis:
        """Give one hypothesis by name and class."""
        return next(t for t in self.tests if (t.name, t.link) == (name, link))

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per hypothesis."""
        return {
            "hypothesis": [t.name for t in self.tests],
            "link": [t.link for t in self.tests],
            "value": np.array([t.value for t in self.tests]),
            "statistic": np.array([t.statistic for t in self.tests]),
            "p": np.array([t.p for t in self.tests]),
            "q": np.array([t.q for t in self.tests]),
            "supported": [t.supported for t in self.tests],
            "verdict": [self.verdicts.get(t.link, "") for t in self.tests],
        }

    def summary(self) -> str:
        """Give every test and the verdicts."""
        lines = [f"{len(self.tests)} hypotheses at level {self.level:g}"]
        lines += [
            f"  {t.name}{f' ({t.link})' if t.link else ''}: {t.value:.4f}, p = {t.p:.4f}, "
            f"q = {t.q:.4f}" + (", supported" if t.supported else "")
            for t in self.tests
        ]
        lines += [f"  {link}: {verdict}" for link, verdict in self.verdicts.items()]
        return "\n".join([*lines, *self.provenance.warnings])

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self.tests))
        ax.barh(
            place, [-np.log10(max(t.q, 1e-16)) for t in self.tests], color="#0072B2"
        )
        ax.axvline(-np.log10(self.level), color="#9CA3AF", ls=":")
        ax.set_yticks(place, [f"{t.name} {t.link}".strip() for t in self.tests])
        ax.invert_yaxis()
        ax.set(xlabel="-log10 q")


def spillover_hypotheses(
    fit: RegressionFit,
    *,
    active: Mapping[str, str],
    passive: Mapping[str, str],
    share: float = 0.25,
    level: float = 0.05,
) -> SpilloverHypotheses:
    r"""Test who gains when one industry moves towards another.

    The coefficient of the active pool is the mover's gain, that of the passive pool the
    host's. No sign is presupposed: every outcome has a name.

    Parameters
    ----------
    fit
        Any regression with both pools per class; one joint covariance is used.
    active, passive
        Class of link to the term of its pool; same classes.
    share
        Fixed before estimation: the host's gain is small below this share of the mover's.
    level
        Level of tests and verdicts.

    Returns
    -------
    SpilloverHypotheses
        Joint test, active above passive, and per class mutual gain and parasitism.

    Raises
    ------
    AlignmentError
        If the classes of `active` and `passive` differ.
    OptionError
        If a term is not in the fit or a number is out of range.

    Notes
    -----
    "Pools matter": Wald test that all are 0. "Active above passive": one-sided t of the
    mean difference. Mutual gain: both above 0, p = max of the one-sided ones
    (intersection-union, no correction needed). Strong parasitism: mover above 0 **and**
    host below 0, p = max. Weak: mover above 0 and host below `share` times the mover.
    A host that is "not significant" is never evidence of parasitism: it stays
    undetermined unless equivalence to 0 (within `share` of the mover) is shown
    (commensalism). Benjamini-Hochberg over classes within each hypothesis.

    References
    ----------
    Berger 1982, doi:10.1080/00401706.1982.10487790 (intersection-union). The question is
    that of Chen and Liu 2025, doi:10.3868/s060-020-025-0015-9; the tests are ours.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from agglo.econometrics import fit_linear, spillover_hypotheses
    >>> rng = np.random.default_rng(1)
    >>> a, p = rng.normal(size=(2, 500))
    >>> rows = pa.table({"a": a, "p": p, "y": 0.5 * a - 0.4 * p + rng.normal(size=500)})
    >>> fit = fit_linear(rows, outcome="y", covariates=["a", "p"])
    >>> tests = spillover_hypotheses(fit, active={"all": "a"}, passive={"all": "p"})
    >>> tests.verdicts["all"], tests.test("parasitism, strong", "all").p < 0.01
    ('parasitism', True)
    """
    check_number("share", share, minimum=0, maximum=1, open_ends=True)
    check_number("level", level, minimum=0, maximum=1, open_ends=True)
    if not active or set(active) != set(passive):
        msg = f"active has classes {sorted(active)}, passive {sorted(passive)}."
        raise AlignmentError(msg)
    links = list(active)
    stat, p = fit.joint((*active.values(), *passive.values()))
    tests = [_made("pools matter", "", stat, stat, p, p, level)]
    weights = {t: 1.0 / len(links) for t in active.values()}
    weights |= {t: -1.0 / len(links) for t in passive.values()}
    gap = fit.combination(weights)
    tests.append(
        _made(
            "active above passive",
            "",
            gap.value,
            gap.statistic,
            gap.p_greater,
            gap.p_greater,
            level,
        )
    )
    for name, by_link in _families(fit, active, passive, share).items():
        q = fdr([v[2] for v in by_link])
        tests += [
            _made(name, link, *found, float(one), level)
            for link, found, one in zip(links, by_link, q, strict=True)
        ]
    return SpilloverHypotheses(
        provenance=Provenance.of(
            spillover_hypotheses,
            fit.provenance.input_digest,
            parameters={
                "active": dict(active),
                "passive": dict(passive),
                "share": share,
                "level": level,
            },
            warnings=fit.provenance.warnings,
        ),
        frame_kind=fit.frame_kind,
        tests=tuple(tests),
        verdicts={
            link: _verdict(fit, active[link], passive[link], share, level)
            for link in links
        },
        level=level,
        share=share,
    )


def _made(
    name: str,
    link: str,
    value: float,
    statistic: float,
    p: float,
    q: float,
    level: float,
) -> Hypothesis:
    return Hypothesis(
        name=name,
        link=link,
        value=value,
        statistic=statistic,
        p=p,
        q=q,
        supported=bool(q <= level),
    )


def _families(
    fit: RegressionFit,
    active: Mapping[str, str],
    passive: Mapping[str, str],
    share: float,
) -> dict[str, list[tuple[float, float, float]]]:
    """Give value, statistic and p of every hypothesis per class."""
    out: dict[str, list[tuple[float, float, float]]] = {}
    for link, term in active.items():
        mover = fit.combination({term: 1.0})
        host = fit.combination({passive[link]: 1.0})
        small = fit.combination({passive[link]: 1.0, term: -share})
        both = ((mover, "p_greater"), (host, "p_greater"))
        out.setdefault("mutual gain", []).append(_weakest(both))
        both = ((mover, "p_greater"), (host, "p_less"))
        out.setdefault("parasitism, strong", []).append(_weakest(both))
        both = ((mover, "p_greater"), (small, "p_less"))
        out.setdefault("parasitism, weak", []).append(_weakest(both))
    return out


def _weakest(
    parts: Sequence[tuple[Combination, str]],
) -> tuple[float, float, float]:
    """Give the part that supports the claim least: intersection-union."""
    p = [float(getattr(c, side)) for c, side in parts]
    worst = parts[int(np.argmax(p))][0]
    return worst.value, worst.statistic, max(p)


def _verdict(
    fit: RegressionFit, active: str, passive: str, share: float, level: float
) -> str:
    mover, host = fit.combination({active: 1.0}), fit.combination({passive: 1.0})
    signs = tuple(
        1 if c.p_greater <= level else -1 if c.p_less <= level else 0
        for c in (mover, host)
    )
    fixed = {
        (1, 1): "mutualism",
        (1, -1): "parasitism",
        (0, -1): "amensalism",
        (-1, -1): "competition",
    }
    if signs in fixed:
        return fixed[signs]
    if signs == (1, 0):
        above = fit.combination({passive: 1.0, active: -share}).p_less
        below = fit.combination({passive: 1.0, active: share}).p_greater
        return "commensalism" if max(above, below) <= level else "undetermined"
    return "undetermined"
