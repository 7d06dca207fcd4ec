"""The project folder: ``agglo.toml``, ``tables/``, ``results/`` and ``.agglo/``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from agglo.core.errors import Problem, RunError, suggest
from agglo.core.typing import Lang
from agglo.runs.project_file import (
    FILE_NAME,
    ImportEntry,
    ProjectFile,
    parse_project_file,
)
from agglo.runs.toml_lines import key_lines, line_of
from agglo.runs.toml_text import import_entry_text, project_text
from agglo.runs.variables import expand_environment, fill_paths
from agglo.store import write_text

__all__ = ["Project", "find_project", "new_project_text"]


@dataclass(frozen=True)
class Project:
    """A project folder and what its ``agglo.toml`` says.

    Parameters
    ----------
    root
        Folder that holds ``agglo.toml``; input files are relative to it.
    text
        The text of ``agglo.toml``.
    file
        The checked content.
    workspace
        Folder that takes ``tables/``, ``results/`` and ``.agglo/``; `root` except when a
        run is reproduced elsewhere.
    """

    root: Path
    text: str = field(repr=False)
    file: ProjectFile
    workspace: Path

    @classmethod
    def open(cls, path: str | Path = ".") -> Project:
        """Open the project in a folder.

        Parameters
        ----------
        path
            Project folder, or its ``agglo.toml``.

        Returns
        -------
        Project
            The opened project; nothing is written.

        Raises
        ------
        RunError
            If there is no readable ``agglo.toml``, or with every problem in it.
        """
        folder = Path(path)
        if folder.name == FILE_NAME and not folder.is_dir():
            folder = folder.parent
        file = folder / FILE_NAME
        try:
            text = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            msg = f"{file} is not UTF-8 text. Save it as UTF-8."
            raise RunError(msg) from error
        except OSError as error:
            msg = f"There is no readable {FILE_NAME} in {folder} ({error.strerror})."
            msg += " Make a project with `agglo new NAME`."
            raise RunError(msg) from error
        root = folder.resolve()
        return cls(root=root, text=text, file=parse_project_file(text), workspace=root)

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        title: str = "",
        language: Lang = "en",
        seed: int = 7,
        generated: bool = False,
    ) -> Project:
        """Make a project folder with a commented ``agglo.toml``.

        Parameters
        ----------
        path
            Folder to make; its last part is the name of the project. An existing folder
            keeps its files, an existing ``agglo.toml`` is refused.
        title
            Title for reports; the name when empty.
        language
            Language of reports.
        seed
            Seed of every random draw.
        generated
            Whether the data are generated; said wherever a number is shown.

        Returns
        -------
        Project
            The new project.

        Raises
        ------
        RunError
            If there is a project already, or the name or an option is not admissible.
        StoreError
            If the folder cannot be written.
        """
        root = Path(path).resolve()
        text = new_project_text(
            root, title=title, language=language, seed=seed, generated=generated
        )
        write_text(root / FILE_NAME, text)
        return cls(root=root, text=text, file=parse_project_file(text), workspace=root)

    @property
    def name(self) -> str:
        """Name of the project."""
        return self.file.project.name

    @property
    def title(self) -> str:
        """Title of the project; its name when none is given."""
        return self.file.project.title or self.name

    @property
    def tables(self) -> Path:
        """Folder of the imported tables."""
        return self.workspace / "tables"

    @property
    def results(self) -> Path:
        """Folder of the study results."""
        return self.workspace / "results"

    @property
    def private(self) -> Path:
        """Folder of the runner's own files."""
        return self.workspace / ".agglo"

    @property
    def imports(self) -> Sequence[ImportEntry]:
        """Entries of ``[[import]]``, in the order of the file."""
        return tuple(self.file.imports)

    @property
    def paths(self) -> Mapping[str, str]:
        """Entries of ``[paths]`` with environment variables replaced."""
        found, problems = self._expanded_paths()
        if problems:
            msg = f"{FILE_NAME} has paths that cannot be resolved."
            raise RunError(msg, problems)
        return MappingProxyType(found)

    def _expanded_paths(self) -> tuple[dict[str, str], list[Problem]]:
        found: dict[str, str] = {}
        problems: list[Problem] = []
        for key, value in self.file.paths.items():
            found[key], wrong = expand_environment(
                value, where=self.place("paths", key)
            )
            problems += wrong
        return found, problems

    def place(self, *location: str | int) -> str:
        """Say where in ``agglo.toml`` a key stands.

        Parameters
        ----------
        *location
            Path of keys and positions, for example ``"import", 0, "files"``.

        Returns
        -------
        str
            For example ``"agglo.toml, line 7"``.
        """
        line = line_of(key_lines(self.text), location)
        return f"{FILE_NAME}, line {line}" if line else FILE_NAME

    def resolve(self, name: str, *, where: str = FILE_NAME) -> Path:
        """Give the path of an input file as it is written in ``agglo.toml``.

        Parameters
        ----------
        name
            File name with ``${VARIABLE}`` and ``{path name}`` still in place.
        where
            Where it is written, for the problems.

        Returns
        -------
        Path
            Absolute path; it need not exist.

        Raises
        ------
        RunError
            With every variable or path name that cannot be resolved.
        """
        paths, problems = self._expanded_paths()
        plain, unset = expand_environment(name, where=where)
        filled, unknown = fill_paths(plain, paths, where=where)
        # A path entry that is not used by this file must not stand in its way.
        used = [p for p in problems if any(f"{{{k}}}" in name for k in self.file.paths)]
        wrong = [*used, *unset, *unknown]
        if wrong:
            msg = f"The file name {name} cannot be resolved."
            raise RunError(msg, wrong)
        return Path(os.path.normpath(self.root / Path(filled).expanduser()))

    def shorten(self, path: Path) -> str:
        """Write a path the way ``agglo.toml`` should hold it.

        Parameters
        ----------
        path
            A file; relative ones count from the working directory.

        Returns
        -------
        str
            Below an entry of ``[paths]``: ``{name}/…``; below the project, or given as a
            relative path: relative to the project; otherwise absolute.
        """
        full = Path(os.path.abspath(path))  # noqa: PTH100  # keeps symbolic links as written
        if full.is_relative_to(self.root):
            return full.relative_to(self.root).as_posix()
        for key, value in self._expanded_paths()[0].items():
            base = Path(os.path.normpath(self.root / Path(value).expanduser()))
            if full.is_relative_to(base):
                return f"{{{key}}}/{full.relative_to(base).as_posix()}"
        if path.is_absolute():
            return full.as_posix()
        return Path(os.path.relpath(full, self.root)).as_posix()

    def with_import(self, entry: ImportEntry) -> Project:
        """Give the project with one more ``[[import]]`` entry, in memory only.

        The user's text is kept as it is; the entry is appended.

        Parameters
        ----------
        entry
            The entry to add.

        Returns
        -------
        Project
            A new project; write it with :meth:`save`.

        Raises
        ------
        RunError
            If the id is taken or the new text is not valid.
        """
        text = self.text
        if text and not text.endswith("\n"):
            text += "\n"
        text += "\n" + import_entry_text(
            entry.id, entry.source, entry.files, entry.options
        )
        file = parse_project_file(text)
        if file.imports[:-1] != self.file.imports or file.imports[-1] != entry:
            msg = f"The import '{entry.id}' cannot be appended to {FILE_NAME}"
            msg += ": `import` is written as one array; add the entry by hand."
            raise RunError(msg)
        return replace(self, text=text, file=file)

    def save(self) -> None:
        """Write ``agglo.toml`` in one step.

        Raises
        ------
        StoreError
            If it cannot be written; the old file is then still there.
        """
        write_text(self.root / FILE_NAME, self.text)

    def free_id(self, wanted: str) -> str:
        """Give an import id that is not taken: `wanted`, or `wanted` with a number.

        Parameters
        ----------
        wanted
            The id to start from.

        Returns
        -------
        str
            For example ``"cbp_2"``.
        """
        taken = {e.id.casefold() for e in self.imports} | {"check"}
        name, n = wanted, 1
        while name.casefold() in taken:
            n += 1
            name = f"{wanted}_{n}"
        return name

    def digest_text(self) -> str:
        """Give the facts of ``[project]`` that studies can see, as stable text."""
        section = self.file.project
        facts = [self.title, section.language, section.generated]
        return json.dumps(facts, ensure_ascii=False)


def new_project_text(
    path: str | Path,
    *,
    title: str = "",
    language: Lang = "en",
    seed: int = 7,
    generated: bool = False,
) -> str:
    """Give the ``agglo.toml`` that a new project would have.

    Parameters
    ----------
    path, title, language, seed, generated
        As for :meth:`Project.create`.

    Returns
    -------
    str
        TOML text.

    Raises
    ------
    RunError
        If there is a project already, or the name or an option is not admissible.
    """
    root = Path(path).resolve()
    if (root / FILE_NAME).exists():
        msg = f"{root / FILE_NAME} exists already."
        msg += " Choose another name, or work in it with --project."
        raise RunError(msg)
    name = root.name
    text = project_text(name, title or name, language, seed, generated=generated)
    parse_project_file(text)
    return text


def find_project(start: str | Path = ".") -> Path:
    """Find the project folder for a working directory.

    Parameters
    ----------
    start
        Working directory.

    Returns
    -------
    Path
        The closest folder upward that holds ``agglo.toml``; otherwise the single child
        folder that holds one.

    Raises
    ------
    RunError
        If there is none, or if several child folders hold one.
    """
    here = Path(start).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    try:
        children = sorted(c for c in here.iterdir() if (c / FILE_NAME).is_file())
    except OSError as error:
        msg = f"{here} cannot be read: {error.strerror}."
        raise RunError(msg) from error
    if len(children) == 1:
        return children[0]
    if children:
        names = ", ".join(c.name for c in children)
        msg = f"{here} holds several projects: {names}."
        msg += " Choose one with --project, or change into it."
        raise RunError(msg)
    msg = f"There is no {FILE_NAME} in {here}, above it, or in a folder in it."
    near = [p.name for p in here.glob("*.toml") if suggest(p.name, [FILE_NAME])]
    hint = f" Should {near[0]} be named {FILE_NAME}?" if near else ""
    msg += f"{hint} Make a project with `agglo new NAME`."
    raise RunError(msg)
