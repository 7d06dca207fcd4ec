"""Run the stages of a study in memory, as the runner would."""

import re
import time
from contextlib import contextmanager
from unittest import mock

from agglo.studies.contract import ProjectFacts, StageInputs


def run_study(study, tables, *, options=None, seed=7, project=None, until=None):
    """Give {stage: output} and {stage: seconds}; stages see what they declare, no more."""
    outputs, seconds = {}, {}
    for stage in study.stages:
        start = time.perf_counter()
        names = [*stage.tables, *stage.optional]
        outputs[stage.name] = stage.run(
            StageInputs(
                tables={n: tables[n] for n in names if n in tables},
                options=options or study.options(),
                results={
                    (s, n): t for s in stage.after for n, t in outputs[s].tables.items()
                },
                documents={
                    (s, n): d
                    for s in stage.after
                    for n, d in outputs[s].documents.items()
                },
                seed=seed,
                project=project or ProjectFacts(title="Test"),
            )
        )
        seconds[stage.name] = round(time.perf_counter() - start, 2)
        if stage.name == until:
            break
    return outputs, seconds


def report_again(study, tables, outputs, *, options=None, seed=7, project=None):
    """Give the output of the last stage on what the others left, for other words."""
    last = study.stages[-1]
    names = [*last.tables, *last.optional]
    stages = [outputs[s] for s in last.after]
    return last.run(
        StageInputs(
            tables={n: tables[n] for n in names if n in tables},
            options=options or study.options(),
            results={
                (s, n): t
                for s, o in zip(last.after, stages, strict=True)
                for n, t in o.tables.items()
            },
            documents={
                (s, n): d
                for s, o in zip(last.after, stages, strict=True)
                for n, d in o.documents.items()
            },
            seed=seed,
            project=project,
        )
    )


# what every finding of findings.json holds, in this order, before its Chinese
KEYS = (
    "id", "question", "answer", "estimate", "interval",
    "null", "p", "reading", "evidence", "truth",
)  # fmt: skip
SPOKEN = ("question", "answer", "reading")
LABELLED = ("estimate", "null", "truth")
_CHINESE = re.compile("[\u4e00-\u9fff]")
# two English words in a row; names of authors and of files are no sentences
_ENGLISH = re.compile(
    r"(?<![\w./-])(?![A-Z][\w-]+ (?:and|et)\b)[A-Za-z][a-z']+(?:[ -][a-z][a-z']+)+(?![\w./])"
)


# a Chinese sentence with Latin brackets or stops, or a space between two characters
_LATIN_STOPS = re.compile(
    r"[\u4e00-\u9fff][,;:] |[,;:] [\u4e00-\u9fff]|[\u4e00-\u9fff] ?\(|[\u4e00-\u9fff] [\u4e00-\u9fff]"
)
# a dash where a part of the sentence is missing
_GAP = re.compile(r"[（(]–[)）]|\bnan\b|\{")


def language_faults(found, *, names=()):
    """Give what is wrong with the languages of findings; `names` may stand in any text."""
    return [
        f"{f['id']}.{key}: {fault}"
        for f in found
        for key in (*KEYS, *(k for k in f if k.endswith("_zh")))
        for fault in (*_faults(f, key, names), *_set_badly(f, key))
    ]


def _set_badly(finding, key):
    """Give what is wrong with the stops of a text, or with a part that is missing."""
    if key.removesuffix("_zh") not in SPOKEN or key not in finding:
        return
    said = " ".join(_strings(finding[key]))
    if key.endswith("_zh") and _LATIN_STOPS.search(said):
        yield f"Latin stops or spaces: {said[:200]}"
    gap = _GAP.search(said)
    if gap:
        yield f"a gap in the sentence: {said[max(gap.start() - 60, 0) : gap.end()]}"


def _faults(finding, key, names):
    if key not in finding:
        yield "absent"
        return
    said, chinese = " ".join(_strings(finding[key])), key.endswith("_zh")
    for name in names:
        said = said.replace(name, "")
    if not chinese:
        if _CHINESE.search(said) and key in (*SPOKEN, *LABELLED):
            yield f"Chinese in the English text: {said[:200]}"
        if key in SPOKEN and said and f"{key}_zh" not in finding:
            yield "no Chinese text"
        if key in LABELLED and said and f"{key}_zh" not in finding:
            yield "names without their Chinese"
        return
    spoken = key.removesuffix("_zh") in SPOKEN
    if spoken and bool(said) != bool(finding[key.removesuffix("_zh")]):
        yield "empty in one language"
    if spoken and said and not _CHINESE.search(said):
        yield f"no Chinese in it: {said[:200]}"
    if spoken and said and said == finding[key.removesuffix("_zh")]:
        yield "the same as the English"
    # names of options and columns may stand in a sentence, not in a label
    left = _ENGLISH.findall(said if spoken else said.replace("_", " "))
    if left:
        yield f"English left: {left[:8]}"


def _strings(value):
    """Give every text in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


@contextmanager
def unrendered():
    """Leave figures unrendered where a test reads findings alone: rendering is a third."""

    def nothing(_, out, **__):
        out.write(b"<svg></svg>")

    with mock.patch("matplotlib.figure.Figure.savefig", nothing):
        yield
