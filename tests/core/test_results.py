"""Results: frames, plain values, provenance."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.results import digest_of, frozen_array, to_json


@dataclass(frozen=True, eq=False, kw_only=True)
class Sizes(ag.Result):
    labels: np.ndarray
    values: np.ndarray

    def columns(self):
        return {"label": self.labels, "value": self.values}

    def summary(self):
        return f"{self.values.size} sizes\nsecond line"

    def _draw(self, ax):
        ax.bar(self.labels, self.values)


def sizes(**fields):
    values = frozen_array(np.array([1.5, np.nan]))
    provenance = ag.Provenance.of(
        sizes, values, parameters={"n": np.int64(3), "v": np.arange(3)}, seed=2**100
    )
    return Sizes(
        labels=np.array(["a", "b"]), values=values, provenance=provenance, **fields
    )


def test_frames_follow_the_caller_and_can_be_forced():
    assert isinstance(sizes().to_frame(), pa.Table)
    assert isinstance(sizes(frame_kind="pandas").to_frame(), pd.DataFrame)
    assert isinstance(sizes().to_frame("polars"), pl.DataFrame)
    with pytest.raises(ag.OptionError, match="Did you mean 'pandas'"):
        sizes().to_frame("panda")
    table = sizes().to_arrow()
    assert table["value"].null_count == 0
    assert np.isnan(table["value"][1].as_py())


def test_to_dict_is_plain_and_undefined_is_none_with_a_reason():
    reason = ag.Undefined(reason="empty region", region="b")
    body = sizes(undefined=(reason,)).to_dict()
    again = json.loads(json.dumps(body, allow_nan=False))
    assert again == body
    assert body["columns"]["value"] == [1.5, None]
    assert body["undefined"][0]["reason"] == "empty region"
    assert body["provenance"]["seed"] == str(2**100)
    assert body["provenance"]["parameters"] == {"n": 3, "v": [0, 1, 2]}


def test_plot_draws_on_given_or_new_axes():
    ax = sizes().plot()
    assert len(ax.patches) == 2
    assert sizes().plot(ax) is ax
    assert repr(sizes()) == "<Sizes: 2 sizes>"


def test_digest_tells_content_apart_and_not_identity():
    a = np.arange(4.0)
    assert digest_of(a) == digest_of(a.copy())
    assert digest_of(a) != digest_of(a.reshape(2, 2))
    assert digest_of(a) != digest_of(a.astype(np.int64))
    assert digest_of(np.array(["ab", "c"])) != digest_of(np.array(["a", "bc"]))
    assert digest_of(pa.table({"x": [1]})) != digest_of(pa.table({"y": [1]}))
    assert digest_of("a", "b") != digest_of("ab")


def test_frozen_array_cannot_be_reached_through_its_source():
    source = np.arange(3)
    frozen = frozen_array(source)
    source[0] = 9
    assert frozen.tolist() == [0, 1, 2]
    assert frozen_array(frozen) is frozen
    with pytest.raises(ValueError, match="read-only"):
        frozen[0] = 1


def test_to_json_covers_what_options_hold():
    assert to_json(float("nan")) is None
    assert to_json({"b": (1, np.float64(2.0)), "a": {"y", "x"}}) == {
        "b": [1, 2.0],
        "a": ["x", "y"],
    }
    assert to_json(ag.MonteCarlo(n=9, seed=1)) == {
        "type": "MonteCarlo",
        "n": 9,
        "seed": 1,
    }
    assert to_json(np.zeros(1000))["shape"] == [1000]
    assert to_json(np.bool_(True)) is True
    assert to_json(len) == "len"
