"""Coins: logged steps, their regeneration, spreadsheets, and the COIN Tool's layout."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import MonteCarlo
from agglo.evaluation import (
    Coin,
    Vary,
    as_coin,
    as_coin_tables,
    as_coin_tool,
    rank_sensitivity,
    rank_uncertainty,
)

ROWS = 12


@pytest.fixture(scope="module")
def asem(shared_data):
    folder = shared_data / "composite_asem"
    coin = as_coin(
        csv.read_csv(folder / "ASEM_iData.csv"), csv.read_csv(folder / "ASEM_iMeta.csv")
    )
    return (
        coin.step("denominate")
        .step("impute", method="group_mean", group="EurAsia_group")
        .step("screen", min_known=0.9)
        .step("treat", winmax=5)
        .step("normalise")
        .step("aggregate")
    )


def small():
    rng = np.random.default_rng(1)
    size = rng.uniform(1, 9, ROWS)
    data = pa.table(
        {
            "uCode": [f"u{k:02d}" for k in range(ROWS)],
            "side": ["east", "west"] * (ROWS // 2),
            "people": size,
            "x": pa.array([None, *(rng.lognormal(1, 1, ROWS - 1) * size[1:]).tolist()]),
            "y": rng.lognormal(0, 0.5, ROWS),
            "z": rng.lognormal(0, 0.5, ROWS),
        }
    )
    meta = pa.table(
        {
            "iCode": ["x", "y", "z", "P", "Q", "I", "side", "people"],
            "Level": [1, 1, 1, 2, 2, 3, None, None],
            "Parent": ["P", "P", "Q", "I", "I", None, None, None],
            "Direction": [1, -1, 1, 1, 1, 1, None, None],
            "Weight": [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, None, None],
            "Type": [*["Indicator"] * 3, *["Aggregate"] * 3, "Group", "Denominator"],
            "Denominator": ["people", *[None] * 7],
        }
    )
    return data, meta


def built():
    return (
        as_coin(*small())
        .step("denominate")
        .step("impute", method="group_median", group="side")
        .step("normalise")
        .step("aggregate")
    )


def test_golden_example_as_a_log(asem):
    assert asem.index.score("CHE") == pytest.approx(68.38372, abs=1e-5)
    assert asem.results["imputed"].changed == 65
    assert asem.results["treated"].changed == 35
    changed = asem.regenerate(edit={"normalised": {"method": "zscore"}})
    assert changed.index.score("CHE") == pytest.approx(0.651509, abs=1e-5)
    assert changed.data["treated"] is asem.data["treated"]
    # nothing is overwritten
    assert asem.index.score("CHE") == pytest.approx(68.38372, abs=1e-5)


def test_regeneration_twice_is_identical():
    coin = built()
    again = coin.regenerate().regenerate()
    np.testing.assert_array_equal(again.index.scores, coin.index.scores)
    assert [s.to_dict() for s in again.log] == [s.to_dict() for s in coin.log]
    back = coin.regenerate(edit={"normalised": {"method": "rank"}}).regenerate(
        "normalised", edit={"normalised": {"method": "minmax"}}
    )
    np.testing.assert_array_equal(back.index.scores, coin.index.scores)


def test_weights_and_denominators_are_those_of_the_metadata():
    coin = built()
    data = small()[0]
    np.testing.assert_allclose(
        coin.data["denominated"].values[1:, 0],
        np.array(data["x"].to_pylist()[1:]) / np.array(data["people"].to_pylist()[1:]),
    )
    assert coin.index.weights[:3].round(6).tolist() == [0.333333, 0.666667, 1.0]


def test_refusals():
    coin = built()
    with pytest.raises(OptionError, match="taken"):
        coin.step("normalise")
    with pytest.raises(OptionError, match="Did you mean"):
        coin.step("normalise", write="n2", metod="rank")
    with pytest.raises(AlignmentError, match="no table"):
        coin.step("normalise", read="aggregated", write="n2")
    with pytest.raises(AlignmentError, match="Did you mean 'imputed'"):
        coin.regenerate("imputd")
    with pytest.raises(AlignmentError, match="before"):
        coin.regenerate("normalised", edit={"imputed": {"method": "mean"}})
    with pytest.raises(OptionError, match="no index"):
        as_coin(*small()).index  # noqa: B018
    with pytest.raises(OptionError, match="grouping"):
        as_coin(*small()).step("impute", method="group_mean", group="sides")
    with pytest.raises(OptionError, match="meta is needed"):
        as_coin(small()[0])
    with pytest.raises(OptionError, match="leave it out"):
        as_coin(as_coin_tables(*small()), small()[1])


def test_custom_step_and_its_log():
    coin = (
        as_coin(*small())
        .step("impute", method="mean")
        .step("custom", function=np.sqrt, write="roots")
        .step("normalise")
        .step("aggregate")
    )
    np.testing.assert_allclose(
        coin.data["roots"].values, np.sqrt(coin.data["imputed"].values)
    )
    log = coin.log_json()
    assert '"function sqrt"' in log
    replayed = as_coin(*small()).replay(log, functions={"roots": np.sqrt})
    np.testing.assert_array_equal(replayed.index.scores, coin.index.scores)
    with pytest.raises(OptionError, match="roots"):
        as_coin(*small()).replay(log)


def test_spreadsheet_comes_back(tmp_path):
    pytest.importorskip("openpyxl")
    coin = built()
    path = coin.save_workbook(tmp_path / "coin.xlsx")
    back = Coin.from_workbook(path)
    np.testing.assert_allclose(back.index.scores, coin.index.scores, rtol=1e-12)
    assert back.log_json() == coin.log_json()
    import openpyxl

    names = openpyxl.load_workbook(path).sheetnames
    assert names == [
        "iData", "denominated", "imputed", "normalised", "aggregated", "iMeta", "log"
    ]  # fmt: skip
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    with pytest.raises(InvalidTableError, match="no coin"):
        Coin.from_workbook(tmp_path / "empty.xlsx")


def tool_file(path):
    """Fill the cells that the COIN Tool has, and no others."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Database"
    columns = {
        "Ind.01": (1, 1, "Index", "si.01", "p.01", "sp.01", "Roads"),
        "Ind.02": (3, -1, "Index", "si.01", "p.01", "sp.01", "Debt"),
        "Ind.03": (1, 1, "Index", "si.01", "p.02", "sp.01", "Schools"),
    }
    for k, (code, own) in enumerate(columns.items(), 5):
        for row, value in zip((7, 8, 11, 12, 13, 14, 15), own, strict=True):
            sheet.cell(row, k, value)
        sheet.cell(16, k, code)
    values = [[1, 5, 2], [2, "n/a", 4], [3, 1, 6]]
    for r, row in enumerate(values, 17):
        sheet.cell(r, 2, f"Unit {r}")
        sheet.cell(r, 3, f"U{r}")
        for c, v in enumerate(row, 5):
            sheet.cell(r, c, v)
    frame = book.create_sheet("Framework")
    for c, head in enumerate(("Code", "", "Weight", "", "", "Name"), 3):
        frame.cell(4, c, head)
    for r, (code, weight) in enumerate((("p.01", 1), ("p.02", 3)), 5):
        frame.cell(r, 3, code)
        frame.cell(r, 5, weight)
    book.save(path)
    return path


def test_coin_tool_layout(tmp_path):
    pytest.importorskip("python_calamine")
    found = as_coin_tool(tool_file(tmp_path / "tool.xlsx"))
    table = found.indicators
    assert table.unit.tolist() == ["U17", "U18", "U19"]
    assert table.direction.tolist() == [1, -1, 1]
    assert table.tree.nodes == ("Ind.01", "Ind.02", "Ind.03", "p.01", "p.02", "Index")
    assert found.weights == {
        "Ind.01": 1, "Ind.02": 3, "Ind.03": 1, "p.01": 1, "p.02": 3, "Index": 1
    }  # fmt: skip
    assert np.isnan(table.values[1, 1])
    assert table.values[:, 2].tolist() == [2, 4, 6]
    with pytest.raises(FileNotFoundError):
        as_coin_tool(tmp_path / "none.xlsx")


def test_any_argument_of_the_log_can_vary():
    coin = built()
    vary = (
        Vary(step="normalised", argument="method", values=("minmax", "rank")),
        Vary(step="imputed", argument="method", values=("group_median", "mean")),
        Vary(step="aggregated", argument="weights", noise=(0.5, 0.2)),
    )
    found = rank_uncertainty(coin, choices=vary, inference=MonteCarlo(n=60, seed=7))
    assert found.nominal.tolist() == coin.index.rank.tolist()
    assert found.n_failed == 0
    assert (found.upper >= found.lower).all()
    assert (found.upper > found.lower).any()
    effects = rank_sensitivity(coin, choices=vary, inference=MonteCarlo(n=32, seed=7))
    assert effects.inputs == (
        "normalised.method", "imputed.method", "aggregated.weights"
    )  # fmt: skip


def test_two_values_give_the_ranks_of_two_coins():
    coin = built()
    vary = (Vary(step="normalised", argument="method", values=("minmax", "rank")),)
    found = rank_uncertainty(
        coin, choices=vary, level=0.999, inference=MonteCarlo(n=99, seed=1)
    )
    other = coin.regenerate(edit={"normalised": {"method": "rank"}}).index.rank
    both = np.sort([coin.index.rank, other], axis=0)
    np.testing.assert_allclose([found.lower, found.upper], both, atol=1e-6)


def test_failed_runs_are_counted():
    coin = built()
    vary = (
        Vary(
            step="aggregated",
            argument="aggregation",
            values=("arithmetic", "geometric"),
        ),
    )
    found = rank_uncertainty(coin, choices=vary, inference=MonteCarlo(n=60, seed=7))
    assert 15 < found.n_failed < 45  # zeros after min-max have no geometric mean


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"step": "normalised", "argument": "method"}, "values"),
        ({"step": "n", "argument": "m", "values": (1,)}, "two"),
        ({"step": "n", "argument": "m", "low": 2.0, "high": 1.0}, "low"),
        ({"step": "n", "argument": "weights", "noise": (2.0,)}, "noise"),
    ],
)
def test_what_can_vary_is_checked(options, says):
    with pytest.raises(OptionError, match=says):
        Vary(**options)


def test_vary_names_steps_of_the_log():
    wrong = (Vary(step="normal", argument="method", values=("minmax", "rank")),)
    with pytest.raises(AlignmentError, match="normal"):
        rank_uncertainty(built(), choices=wrong)
    with pytest.raises(OptionError, match="Choices"):
        rank_uncertainty(built(), choices=())
