"""TOML text of a new project and of a new import entry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from agglo.core.errors import OptionError

__all__ = ["import_entry_text", "project_text", "study_text", "toml_value"]

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")

_TEMPLATE = """\
# A project of agglo: which files it reads and how its studies run.
# Every key is explained in docs/reference/project-file.md.

[project]
name = {name}
title = {title}
language = {language}   # language of reports: "en" or "zh"
seed = {seed}           # seed of every random draw
"""

_HINTS = """
# [paths]
# shared = "${AGGLO_SHARED:-../shared}"   # then files = ["{shared}/…"] in an import

# Add tables with `agglo import SOURCE FILES…`, or by hand:
# [[import]]
# id = "cbp"
# source = "cbp"
# files = ["{shared}/cbp21co.zip"]
"""


def toml_value(value: object) -> str:
    """Write a plain value as TOML.

    Parameters
    ----------
    value
        Text, number, truth value, list or mapping of these.

    Returns
    -------
    str
        TOML text on one line.

    Raises
    ------
    OptionError
        If TOML has no form for it, for example ``None``.

    Examples
    --------
    >>> toml_value({"region": "county", "n": [1, 2]})
    '{ region = "county", n = [1, 2] }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON escapes are TOML escapes, except that TOML forbids a raw DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        items = ", ".join(f"{_key(str(k))} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {items} }}" if items else "{}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    msg = f"{value!r} cannot be written to agglo.toml: only text, numbers, lists and mappings."
    raise OptionError(msg)


def _key(name: str) -> str:
    return name if _BARE.match(name) else toml_value(name)


def import_entry_text(
    entry_id: str,
    source: str,
    files: Sequence[str],
    options: Mapping[str, object],
    studies: Sequence[str] = (),
    *,
    labels: Mapping[str, str] | None = None,
) -> str:
    """Write one ``[[import]]`` entry.

    Parameters
    ----------
    entry_id
        Id of the import.
    source
        Name of the reader.
    files
        File names as they should stand in the file.
    options
        Reader options.
    studies
        Studies it is meant for; empty for all.
    labels
        ``title_zh`` and ``licence_zh``: what Chinese pages say instead.

    Returns
    -------
    str
        TOML text ending in a line break.

    Examples
    --------
    >>> print(import_entry_text("a", "csv", ["a.csv"], {"table": "activity"}), end="")
    [[import]]
    id = "a"
    source = "csv"
    files = ["a.csv"]
    [import.options]
    table = "activity"
    """
    lines = [
        "[[import]]",
        f"id = {toml_value(entry_id)}",
        f"source = {toml_value(source)}",
    ]
    if len(files) == 1:
        lines.append(f"files = [{toml_value(files[0])}]")
    else:
        lines += ["files = [", *(f"  {toml_value(f)}," for f in files), "]"]
    if studies:
        lines.append(f"studies = [{', '.join(toml_value(s) for s in studies)}]")
    lines += [f"{_key(k)} = {toml_value(v)}" for k, v in (labels or {}).items()]
    if options:
        lines.append("[import.options]")
        lines += [f"{_key(k)} = {toml_value(v)}" for k, v in options.items()]
    return "\n".join(lines) + "\n"


def study_text(study: str, options: Mapping[str, object]) -> str:
    """Write one ``[study.NAME]`` table.

    Parameters
    ----------
    study
        Name of the study.
    options
        Its options.

    Returns
    -------
    str
        TOML text ending in a line break.

    Examples
    --------
    >>> print(study_text("concentration", {"level": 0.9}), end="")
    [study.concentration]
    level = 0.9
    """
    lines = [f"[study.{_key(study)}]"]
    lines += [f"{_key(k)} = {toml_value(v)}" for k, v in options.items()]
    return "\n".join(lines) + "\n"


def project_text(
    name: str,
    title: str,
    language: str,
    seed: int,
    *,
    generated: bool,
    title_zh: str = "",
) -> str:
    """Write the ``agglo.toml`` of a new project.

    Parameters
    ----------
    name, title, language, seed, generated, title_zh
        As in ``[project]``.

    Returns
    -------
    str
        TOML text.
    """
    both = f"{toml_value(title)}\ntitle_zh = {toml_value(title_zh)}"
    text = _TEMPLATE.format(
        name=toml_value(name),
        title=both if title_zh else toml_value(title),
        language=toml_value(language),
        seed=toml_value(seed),
    )
    if generated:
        return (
            text + "generated = true   # the data are simulated, and reports say so\n"
        )
    return text + _HINTS
