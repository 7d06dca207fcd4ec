"""Plain values to canonical JSON bytes, with every unfit value reported."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from agglo.core.errors import Problem, StoreError
from agglo.core.options import check_choice

if TYPE_CHECKING:
    from agglo.core.typing import Json


def encode_json(value: Json, *, where: str, nan: str) -> bytes:
    """Encode with sorted keys and shortest floats; raise with all problems."""
    check_choice("nan", nan, ("refuse", "null"))
    problems: list[Problem] = []
    plain = _plain(value, "$", where, nan == "null", problems)
    if problems:
        msg = f"{where} could not be written: {len(problems)} values are not JSON."
        raise StoreError(msg, problems)
    text = json.dumps(
        plain, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False
    )
    return (text + "\n").encode()


def _plain(
    value: object, at: str, where: str, null: bool, problems: list[Problem]
) -> Json:
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value + 0.0  # minus zero becomes zero
        if not null:
            fix = 'write it with nan="null", or give the reason it is undefined'
            problems.append(
                Problem(
                    code="not_finite", what=f"{at} is {value}", where=where, fix=fix
                )
            )
        return None
    if isinstance(value, (list, tuple)):
        return [
            _plain(v, f"{at}[{i}]", where, null, problems) for i, v in enumerate(value)
        ]
    if isinstance(value, Mapping):
        out: dict[str, Json] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                what = f"{at} has the key {key!r}"
                problems.append(
                    Problem(
                        code="wrong_type", what=what, where=where, fix="keys are text"
                    )
                )
                continue
            out[key] = _plain(item, f"{at}.{key}", where, null, problems)
        return out
    what = f"{at} is a {type(value).__name__}"
    fix = "turn it into numbers, text, lists and dictionaries (Result.to_dict does)"
    problems.append(Problem(code="wrong_type", what=what, where=where, fix=fix))
    return None
