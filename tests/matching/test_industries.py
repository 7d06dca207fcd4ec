"""Trees and relations of nodes, by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    InvalidTableError,
    OptionError,
)
from agglo.matching import as_industry_tree, relate, relate_nodes
from tests.matching.lists import TREE, tree


def _links(*rows):
    names = ("node_a", "node_b", "weight", "kind")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def test_path_and_common_ancestor():
    known = as_industry_tree(tree())
    assert known.path("X12") == ("X", "X1", "X12")
    assert known.lca("X11", "X12") == "X1"
    assert known.lca("X11", "X21") == "X"
    assert known.lca("X11", "X1") == "X1"
    assert known.lca("X11", "Y11") == ""
    assert as_industry_tree(known) is known
    assert known.at_level(2)[known.row("X12")] == "X1"
    assert known.at_level(2)[known.row("X")] == "X"


def test_unknown_node_is_named():
    with pytest.raises(AlignmentError, match=r"X13.*Did you mean"):
        as_industry_tree(tree()).path("X13")


@pytest.mark.parametrize(
    ("a", "b", "kind", "level", "via"),
    [
        ("X11", "X11", "identical", 3, "same"),
        ("X1", "X11", "identical", 2, "ancestor"),
        ("X11", "X12", "similar", 2, "division"),
        ("X11", "X21", "none", 1, ""),  # the sector alone is never enough
        ("X", "X11", "none", 1, ""),  # a sector contains too much
        ("X", "X", "identical", 1, "same"),
        ("X11", "Y11", "none", 0, ""),
    ],
)
def test_relation(a, b, kind, level, via):
    for one, other in ((a, b), (b, a)):
        found = relate(one, other, tree())
        assert (found.kind, found.level, found.via) == (kind, level, via)


def test_containment_can_be_demoted():
    found = relate("X1", "X11", tree(), containment="similar")
    assert (found.kind, found.via) == ("similar", "ancestor")


def test_input_output_links_in_either_direction():
    links = _links(("X11", "Y11", 0.05, "io_share"), ("Y11", "X21", 0.049, "io_share"))
    for a, b in (("X11", "Y11"), ("Y11", "X11")):
        assert relate(a, b, tree(), links).via == "io"
    assert relate("Y11", "X21", tree(), links).kind == "none"
    assert relate("Y11", "X21", tree(), links, io_min=0.049).kind == "similar"
    # a tie of nodes is stronger than a link
    assert relate("X11", "X12", tree(), links).via == "division"


def test_relatedness_quantile_counts_absent_pairs_as_zero():
    # three nodes, three pairs: 0.9, 0.2 and the absent one, 0; their median is 0.2
    links = _links(
        ("X11", "Y11", 0.9, "relatedness"), ("Y11", "X21", 0.2, "relatedness")
    )
    found = relate_nodes(tree(), links, rel_q=0.5)
    assert found.rel_cut == pytest.approx(0.2)
    assert found.of("X11", "Y11").via == "relatedness"
    assert found.of("X21", "Y11").kind == "similar"
    assert relate_nodes(tree(), links, rel_q=0.9).of("X21", "Y11").kind == "none"
    # even at quantile 0 a pair without relatedness is not similar
    assert relate_nodes(tree(), links, rel_q=0.0).of("X11", "X21").kind == "none"


def test_matrices_are_symmetric():
    links = _links(("X11", "Y11", 0.9, "relatedness"), ("X21", "Y1", 0.3, "io_share"))
    found = relate_nodes(tree(), links)
    for matrix in (found.kind, found.via, found.lca_level):
        np.testing.assert_array_equal(matrix, matrix.T)
        assert not matrix.flags.writeable
    assert "related pairs" in repr(found)


def test_bad_links_are_listed_together():
    links = _links(
        ("X11", "Q", 0.1, "io_share"),
        ("X11", "X12", -0.1, "io_share"),
        ("X11", "X12", float("nan"), "guess"),
    )
    with pytest.raises(InvalidTableError) as caught:
        relate_nodes(tree(), links)
    codes = {p.code for p in caught.value.problems}
    assert codes == {"unknown_node", "negative_value", "not_finite", "not_allowed"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"parent": ["", "X", "X1", "X1", "X", "X2", "", "Q", "Y1"]}, "unknown_parent"),
        ({"level": [1, 2, 3, 3, 2, 3, 1, 3, 3]}, "wrong_level"),
        ({"level": [1, 2, "x", 3, 2, 3, 1, 2, 3]}, "wrong_level"),
        (
            {"industry": ["X", "X1", "X11", "X11", "X2", "X21", "Y", "Y1", "Y11"]},
            "duplicate_key",
        ),
        (
            {"industry": ["X", "X1", "X11", "", "X2", "X21", "Y", "Y1", "Y11"]},
            "null_key",
        ),
        ({"parent": ["", "X11", "X1", "X1", "X", "X2", "", "Y", "Y1"]}, "cycle"),
    ],
)
def test_broken_tree(change, code):
    columns = {**TREE, **change}
    if "level" in change:
        columns["level"] = [str(v) for v in change["level"]]
    with pytest.raises(InvalidTableError) as caught:
        as_industry_tree(pa.table(columns))
    assert code in {p.code for p in caught.value.problems}


def test_cycle_names_only_its_own_rows():
    broken = {
        "industry": ["A", "B", "C", "D"],
        "parent": ["C", "A", "B", "A"],  # A > C > B > A; D hangs below
        "level": ["1", "2", "3", "2"],
    }
    with pytest.raises(InvalidTableError) as caught:
        as_industry_tree(pa.table(broken))
    (cycle,) = [p for p in caught.value.problems if p.code == "cycle"]
    assert cycle.rows == (1, 2, 3)


def test_flat_and_empty_trees():
    flat = pa.table({"industry": ["A", "B"], "parent": ["", "A"], "level": [1, 2]})
    with pytest.raises(InvalidTableError, match="2 levels"):
        as_industry_tree(flat)
    with pytest.raises(InvalidTableError, match="no row"):
        as_industry_tree(flat.slice(0, 0))
    with pytest.raises(ColumnNotFoundError, match="node='code'"):
        as_industry_tree(flat, node="code")


def test_options_are_checked():
    with pytest.raises(OptionError, match="containment"):
        relate_nodes(tree(), containment="same")
    with pytest.raises(OptionError, match="io_min"):
        relate_nodes(tree(), io_min=2)
    with pytest.raises(OptionError, match="rel_q"):
        relate_nodes(tree(), rel_q=-1)
    with pytest.raises(OptionError, match="level"):
        as_industry_tree(tree()).at_level(4)


def test_fourth_level_siblings_are_similar():
    deep = pa.table(
        {
            "industry": ["A", "A1", "A11", "A111", "A112"],
            "parent": ["", "A", "A1", "A11", "A11"],
            "level": [1, 2, 3, 4, 4],
        }
    )
    found = relate("A111", "A112", deep)
    assert (found.kind, found.level) == ("similar", 3)
