"""`agglo` with a study whose first stage takes a minute: something to interrupt."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from agglo.cli import main
from agglo.runs import Registry
from agglo.studies.contract import StageInputs, StageOutput
from tests.runs.small import REGISTRY, sums


def slow(inputs: StageInputs) -> StageOutput:
    """Say that the stage has begun, then take a minute."""
    sys.stderr.write("started\n")
    sys.stderr.flush()
    time.sleep(60)
    return sums(inputs)


if __name__ == "__main__":
    small = REGISTRY.studies["small"]
    stages = (replace(small.stages[0], run=slow), small.stages[1])
    only = Registry(
        studies={"small": replace(small, stages=stages)}, readers=REGISTRY.readers
    )
    Registry.installed = classmethod(lambda _cls: only)  # type: ignore[method-assign,assignment]
    main()
