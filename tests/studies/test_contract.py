"""The contract of the studies."""

import json
import subprocess
import sys

import pyarrow as pa
import pytest

import agglo as ag
from agglo.studies import STUDIES
from agglo.studies.contract import Finding, Stage, StageInputs, StageOutput, Study
from agglo.studies.deferred import Deferred


def run(inputs: StageInputs) -> StageOutput:
    return StageOutput(tables={"a": inputs.table("activity")})


def test_findings_have_exactly_the_ten_keys():
    finding = Finding(id="a", question="q", answer="x", interval=(1.0, 2.0), p=0.01)
    body = json.loads(json.dumps(finding.to_dict(), allow_nan=False))
    assert list(body) == [
        "id",
        "question",
        "answer",
        "estimate",
        "interval",
        "null",
        "p",
        "reading",
        "evidence",
        "truth",
    ]
    assert body["interval"] == [1.0, 2.0]


def test_inputs_say_which_table_is_missing():
    inputs = StageInputs(tables={"activity": pa.table({"a": [1]})}, options=3)
    assert inputs.has("activity")
    assert run(inputs).tables["a"].num_rows == 1
    with pytest.raises(ag.RunError, match=r"Did you mean 'activity'.*agglo import"):
        inputs.table("activty")
    assert inputs.options_as(int) == 3
    with pytest.raises(ag.RunError, match="expected str"):
        inputs.options_as(str)


def test_stages_must_be_in_order():
    fields = {
        "name": "s",
        "title": {"en": "t", "zh": "题"},
        "question": {"en": "q", "zh": "问"},
        "options": dict,
    }
    first, second = Stage(name="a", run=run), Stage(name="b", run=run, after=("a",))
    assert Study(stages=(first, second), **fields).stages[1].after == ("a",)
    with pytest.raises(ag.RunError, match="'b'"):
        Study(stages=(second, first), **fields)
    with pytest.raises(ag.RunError, match="repeats"):
        Study(stages=(first, first), **fields)


def test_unknown_studies_are_suggested():
    assert "concentration" in STUDIES
    with pytest.raises(ag.OptionError, match="Did you mean 'concentration'"):
        STUDIES["concentraton"]


@pytest.mark.parametrize("study", list(STUDIES))
def test_what_a_study_defers_is_defined_where_it_says(study):
    named = [stage.run for stage in STUDIES[study].stages] + [STUDIES[study].demo]
    assert all(isinstance(one, Deferred) for one in named)
    for one in named:
        function = one.function
        assert (function.__module__, function.__qualname__) == (one.module, one.name)
        assert function.__code__.co_filename == one.source()


def test_naming_the_studies_loads_no_method():
    code = (
        "import sys\nfrom agglo.studies import STUDIES\n"
        "assert all(STUDIES[name].stages for name in STUDIES)\n"
        "print(*sorted({m.split('.')[1] for m in sys.modules if m[:6] == 'agglo.'}))\n"
        "print('numba' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["core studies", "False False"]
