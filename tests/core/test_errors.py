"""Errors and options: what, where, what to do."""

import pickle

import pytest

import agglo as ag
from agglo.core.options import check_choice, check_number


def test_problem_line_and_error_text():
    problem = ag.Problem(
        code="duplicate_key",
        what="the key occurs twice",
        where="cells.csv",
        rows=(3, 9),
        n_rows=2,
        fix="sum first",
    )
    assert str(problem) == (
        "[duplicate_key] cells.csv: the key occurs twice (rows 3, 9; 2 in total) → sum first"
    )
    error = ag.InvalidTableError("bad", [problem] * 25)
    assert "… and 5 more" in str(error)
    assert error.to_dict()["problems"][0]["rows"] == [3, 9]


@pytest.mark.parametrize(
    ("error", "builtin", "exit_code"),
    [
        (ag.ColumnNotFoundError, KeyError, 3),
        (ag.OptionError, ValueError, 2),
        (ag.StoreError, ag.AggloError, 6),
        (ag.RunError, ag.AggloError, 7),
    ],
)
def test_errors_are_also_what_python_users_catch(error, builtin, exit_code):
    raised = error("what")
    assert isinstance(raised, builtin)
    assert isinstance(raised, ag.AggloError)
    assert raised.exit_code == exit_code
    assert str(raised) == "what"
    assert str(pickle.loads(pickle.dumps(raised))) == "what"  # noqa: S301  workers send errors back


def test_missing_extra_gives_the_install_line():
    error = ag.MissingExtraError("polars", "polars", "a polars frame")
    assert "agglo[polars]" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_options_refuse_what_they_cannot_be():
    with pytest.raises(ag.OptionError, match="n=0"):
        ag.Permutation(n=0)
    with pytest.raises(ag.OptionError, match="level=1"):
        ag.Bootstrap(level=1.0)
    with pytest.raises(ag.OptionError, match="whole number"):
        ag.MonteCarlo(n=1.5)
    with pytest.raises(ag.OptionError, match="seed"):
        ag.MonteCarlo(seed=-1)
    with pytest.raises(ag.OptionError, match="Did you mean 'erl'"):
        check_choice("kind", "er", ("erl", "mad"))
    with pytest.raises(ag.OptionError, match="must be a number"):
        check_number("x", "3")
    assert check_number("x", 3, minimum=0, integer=True) == 3.0
