"""The generated example project, to which every study brings its part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import RunError
from agglo.core.typing import Json
from agglo.runs.project import Project
from agglo.runs.project_file import FILE_NAME
from agglo.runs.study_options import unknown_study
from agglo.runs.toml_text import import_entry_text, project_text, study_text
from agglo.store import write_bytes, write_text

if TYPE_CHECKING:
    from agglo.runs.launch import Registry
    from agglo.studies.contract import Study

__all__ = ["check_demo", "make_demo"]

SEED = 7
TITLE = {"en": "A generated country", "zh": "生成的示例国家"}


@dataclass(frozen=True, kw_only=True)
class _Example:
    """The joint example of all studies: file name to bytes."""

    files: Mapping[str, bytes]
    text: str


def make_demo(
    path: str | Path,
    *,
    study: str | None = None,
    registry: Registry | None = None,
    seed: int = SEED,
) -> Project:
    """Write the generated example project.

    Each study contributes source files, imports and options; files that several studies
    share are written once. The same seed gives the same bytes. A folder that holds the
    same example already is completed and left as it is.

    Parameters
    ----------
    path
        Folder to write to; made when absent.
    study
        The one study that will be run; the example is that of all studies in any case.
    registry
        Studies and readers; those of the library when ``None``.
    seed
        Seed of the generator, and of the project.

    Returns
    -------
    Project
        The project; its ``[project]`` says that it is generated.

    Raises
    ------
    RunError
        If there is no such study, the folder holds something else, or its ``agglo.toml`` has been edited.
    StoreError
        If the folder cannot be written.
    """
    from agglo.runs.launch import Registry as _Registry

    known = registry or _Registry.installed()
    if study is not None and study not in known.studies:
        msg = f"There is no study '{study}'."
        raise RunError(msg, [unknown_study(study, known.studies, "--study")])
    root = Path(path).resolve()
    example = _example(known.studies, seed)
    _refuse_foreign(root, example)
    for name, data in sorted(example.files.items()):
        target = root / name
        if not target.is_file() or target.read_bytes() != data:
            write_bytes(target, data)
    if not (root / FILE_NAME).is_file():
        write_text(root / FILE_NAME, example.text)
    return Project.open(root)


def check_demo(
    path: str | Path, *, registry: Registry | None = None, seed: int = SEED
) -> tuple[str, ...]:
    """Say what :func:`make_demo` would write.

    Parameters
    ----------
    path, registry, seed
        As for :func:`make_demo`.

    Returns
    -------
    tuple of str
        Names of the files of the example.

    Raises
    ------
    RunError
        As for :func:`make_demo`.
    """
    from agglo.runs.launch import Registry as _Registry

    known = registry or _Registry.installed()
    example = _example(known.studies, seed)
    _refuse_foreign(Path(path).resolve(), example)
    return (*sorted(example.files), FILE_NAME)


def _example(studies: Mapping[str, Study], seed: int) -> _Example:
    files: dict[str, bytes] = {}
    imports: dict[str, Mapping[str, Json]] = {}
    serving: dict[str, list[str]] = {}
    text = project_text(
        "demo", TITLE["en"], "en", seed, generated=True, title_zh=TITLE["zh"]
    )
    options = ""
    for name in studies:
        make = studies[name].demo
        if make is None:
            continue
        part = make(seed)
        _join(files, part.files, name, "file")
        _join(imports, {str(i["id"]): i for i in part.imports}, name, "import")
        for entry in part.imports:
            serving.setdefault(str(entry["id"]), []).append(name)
        if part.options:
            options += "\n" + study_text(name, part.options)
    if not imports:
        msg = "No study of this version has a generated example."
        raise RunError(msg)
    for key, entry in imports.items():
        listed, given = entry.get("files"), entry.get("options")
        names = [str(f) for f in listed] if isinstance(listed, list) else []
        chosen = given if isinstance(given, dict) else {}
        said = entry.get("labels")
        text += "\n" + import_entry_text(
            key,
            str(entry["source"]),
            names,
            chosen,
            serving[key],
            labels={k: str(v) for k, v in said.items()}
            if isinstance(said, dict)
            else {},
        )
    return _Example(files=files, text=text + options)


def _join(
    into: dict[str, bytes] | dict[str, Mapping[str, Json]],
    more: Mapping[str, object],
    study: str,
    what: str,
) -> None:
    for name, value in more.items():
        if name in into and into[name] != value:
            msg = f"The example of the study '{study}' has another {what} '{name}'."
            raise RunError(msg)
        into[name] = value  # type: ignore[assignment]


def _refuse_foreign(root: Path, example: _Example) -> None:
    """Leave a folder alone that is not this example."""
    if not root.exists():
        return
    if not root.is_dir():
        msg = f"{root} is a file. Choose another folder with --path."
        raise RunError(msg)
    toml = root / FILE_NAME
    if toml.is_file():
        if toml.read_bytes() == example.text.encode():
            return
        msg = f"{toml} is not the one of this version's example, or has been edited."
        msg += " Run it with `agglo run`, or choose another folder with --path."
        raise RunError(msg)
    tops = {name.split("/")[0] for name in example.files} | {".agglo"}
    foreign = sorted(p.name for p in root.iterdir() if p.name not in tops)
    foreign = [n for n in foreign if not n.endswith(".partial")]
    if foreign:
        msg = f"{root} holds other files ({', '.join(foreign[:5])})."
        msg += " Choose another folder with --path."
        raise RunError(msg)
