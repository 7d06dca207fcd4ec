"""Shapes of the answers: what the description of the API and the types of the page code say.

They describe; they do not convert. Tests hold every answer against them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from agglo.observatory.page import LookKind
from agglo.observatory.release import Mode

__all__ = [
    "CertificateAnswer",
    "CheckAnswer",
    "CodeAnswer",
    "FindAnswer",
    "GeometryAnswer",
    "IndexAnswer",
    "IndicatorAnswer",
    "ManifestAnswer",
    "MetaAnswer",
    "MethodAnswer",
    "MethodListAnswer",
    "PageAnswer",
    "PageListAnswer",
    "Problem",
    "RunAnswer",
    "RunListAnswer",
    "SavedAnswer",
    "TableAnswer",
    "TableListAnswer",
    "TwinAnswer",
    "ValuesAnswer",
    "ViewAnswer",
]

Cell: TypeAlias = str | float | bool | None


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class Problem(_Shape):
    """What went wrong: a code, a sentence, a place, a way out."""

    status: int
    code: str
    detail: str
    where: str
    fix: str
    request_id: str


class Both(_Shape):
    """One text in both languages."""

    en: str
    zh: str


class Paging(_Shape):
    """Where a list goes on."""

    limit: int
    next: str | None
    total: int


class AnswerMeta(_Shape):
    """Which release an answer is from, how it was protected, how to cite it."""

    release: str
    version: str
    mode: Mode
    generated: bool | None
    disclosure: Both
    manifest: str
    view: str | None = None
    units: dict[str, Both] | None = None
    citation: str | None = None
    licence: str | None = None
    caveats: list[Both] | None = None
    notices: list[str] | None = None


class _Answer(_Shape):
    schema_: int = Field(alias="schema")
    meta: AnswerMeta


class IndexAnswer(_Shape):
    """Routes that there are."""

    resources: list[str]


class World(_Shape):
    """A study with its data."""

    id: str
    label: Both
    question: Both
    generated: bool
    seed: int | None
    studies: list[str]
    geo: list[str]
    cls: list[str]


class ReleaseShape(_Shape):
    """The release that is served."""

    id: str
    created: str
    mode: Mode
    certificate: dict[str, object]


class BoundaryShape(_Shape):
    """Where the outlines of the maps come from."""

    source: str
    licence: str
    approval: str
    date: str


class LeftOut(_Shape):
    """A study, or a table of it, that is not released."""

    study: str
    table: str | None = None
    reason: Both


class MetaData(_Shape):
    """What is served."""

    title: Both
    project: str
    release: ReleaseShape
    version: str
    generated: bool
    seed: int | None
    worlds: list[World]
    languages: list[Literal["en", "zh"]]
    language: Literal["en", "zh"]
    boundaries: BoundaryShape | None
    desk: bool
    left_out: list[LeftOut]


class MetaAnswer(_Answer):
    """Project, release, worlds, languages."""

    data: MetaData


class ColumnShape(_Shape):
    """A column of a view."""

    name: str
    label: Both
    unit: Both | None
    type: Literal["text", "number", "integer", "boolean", "share", "code"]
    decimals: int
    rate: bool
    words: dict[str, Both] | None = None


class ReferenceShape(_Shape):
    """A line that values are compared with."""

    value: float
    label: Both


class SourceShape(_Shape):
    """Title, licence and publisher of data."""

    title: str
    title_zh: str
    licence: str
    licence_zh: str
    publisher: str
    citation: str


class PickShape(_Shape):
    """One value of a look."""

    value: str
    label: Both
    encode: dict[str, str]
    order: str
    unit: Both | None
    uncertainty: Both | None
    compared: bool


class LookShape(_Shape):
    """A choice of how rows are looked at; applied to the rows, not asked for."""

    id: str
    label: Both
    kind: LookKind
    column: str
    blank: bool
    default: str
    picks: list[PickShape]


class ViewShape(_Shape):
    """A chart with its table."""

    id: str
    title: Both
    table: str
    chart: str
    encode: dict[str, str]
    filters: dict[str, str]
    columns: list[ColumnShape]
    labels: dict[str, str]
    keep: dict[str, str]
    when: dict[str, list[str]]
    order: str
    top: int | None
    unit: Both | None
    note: Both | None
    uncertainty: Both
    method: str
    reference: ReferenceShape | None
    looks: list[LookShape]
    source: list[SourceShape]
    rows: int


class OptionShape(_Shape):
    """A value that can be chosen; `of` the values of another selector it stands beside."""

    value: str
    label: Both
    of: list[str] | None


class SelectorShape(_Shape):
    """A choice the reader makes."""

    id: str
    label: Both
    options_from: str | None
    options: list[OptionShape] | None
    default: str
    within: str
    optional: bool


class PageShape(_Shape):
    """A question of the menu."""

    id: str
    route: str
    question: Both
    lead: Both
    study: str | None
    world: str | None
    generated: bool
    available: bool
    missing: Both | None
    absent: list[str]
    selectors: list[SelectorShape]
    findings: list[dict[str, object]]
    views: list[ViewShape]


class FilledView(ViewShape):
    """A view with its first rows."""

    data: list[dict[str, Cell]]
    page: Paging


class TwinShape(PageShape):
    """A page with the rows of its views, and what was chosen on it."""

    views: list[FilledView]  # type: ignore[assignment]
    chosen: dict[str, str]


class TwinAnswer(_Answer):
    """What a page shows."""

    data: TwinShape


class PageAnswer(_Answer):
    """A page with its views."""

    data: PageShape


class PageListAnswer(_Answer):
    """The menu."""

    data: list[PageShape]


class TypedColumn(_Shape):
    """A column as bytes: all first bytes of its numbers, then all second ones, in base64.

    ``number``: doubles in ``values``, NaN for null; with ``at``, the place of each row in
    them. ``text``: the place of each row in ``texts``. ``code``: steps from row to row in
    the list of ``/regions`` or ``/industries`` followed by ``more``, modulo the width.
    ``boolean``: 0, 1, or 2 for null. ``beside``: a name or coordinate of the code in the
    column ``of``. A place behind the end is null. The width of a place is the number of
    bytes over the number of rows, lowest byte first.
    """

    kind: Literal["number", "text", "code", "boolean", "beside"]
    values: str | None = None
    at: str | None = None
    texts: list[str] | None = None
    list_: Literal["regions", "industries"] | None = Field(None, alias="list")
    more: list[str] | None = None
    of: str | None = None
    part: Literal["en", "zh", "lon", "lat"] | None = None


class TypedShape(_Shape):
    """Rows as typed columns, ``layout=typed``."""

    length: int
    columns: dict[str, TypedColumn]


class ViewAnswer(_Answer):
    """Rows of a view, or its columns where these were asked for."""

    data: list[dict[str, Cell]] | TypedShape | dict[str, list[Cell]]
    page: Paging | None = None


class ValueRow(_Shape):
    """A released number with its uncertainty and state."""

    indicator: str
    region: str | None
    industry: str | None
    period: str | None
    value: float | None
    lo: float | None
    hi: float | None
    level: float | None
    method: str
    n: float | None
    status: Literal["number", "zero", "confidential", "undefined"]
    reason: str


class ValuesAnswer(_Answer):
    """Values of an indicator: rows, or columns where these were asked for."""

    data: list[ValueRow] | dict[str, list[Cell]]
    page: Paging


class CodeEntry(_Shape):
    """A region or industry."""

    id: str
    name: Both
    world: str
    level: str | None
    parent: str | None
    lon: float | None
    lat: float | None
    also: list[str]


class CodeAnswer(_Answer):
    """A code list."""

    data: list[CodeEntry]


class Hit(_Shape):
    """What the find box found."""

    kind: Literal["region", "industry", "page"]
    id: str
    name: Both
    page: str
    key: str
    by: Literal["name", "pinyin", "initials", "old_name"]
    also: list[str]


class FindAnswer(_Answer):
    """What was found, the best first."""

    data: list[Hit]


class IndicatorEntry(_Shape):
    """A number that can be asked for by name."""

    id: str
    label: Both
    table: str
    keys: list[str]
    interval: str | None


class IndicatorAnswer(_Answer):
    """The indicators of the release."""

    data: list[IndicatorEntry]


class TableColumn(_Shape):
    """A column of a released table."""

    name: str
    type: str


class TableEntry(_Shape):
    """A released table."""

    id: str
    file: str
    study: str
    rows: int
    columns: list[TableColumn]
    digest: str


class TableAnswer(_Answer):
    """A released table."""

    data: TableEntry


class TableListAnswer(_Answer):
    """The released tables."""

    data: list[TableEntry]


class MethodEntry(_Shape):
    """A page that explains a method."""

    name: str
    title: str
    lang: Literal["en", "zh"]
    twin: str | None = None
    markdown: str | None = None
    formulas: dict[str, str] | None = None


class MethodAnswer(_Answer):
    """The page as Markdown."""

    data: MethodEntry


class MethodListAnswer(_Answer):
    """The pages that there are."""

    data: list[MethodEntry]


class ManifestShape(_Shape):
    """Hashes of a release."""

    release: str
    version: str
    mode: Mode
    run_manifest: str
    packages: dict[str, str]
    settings: dict[str, object]
    tables: dict[str, str]
    verify: str


class ManifestAnswer(_Answer):
    """Hashes of everything in a release."""

    data: ManifestShape


class CheckShape(_Shape):
    """What hashing a release anew gave."""

    checked: int
    wrong: list[str]


class CheckAnswer(_Answer):
    """Hashes of a release computed anew; `wrong` names what is not as recorded."""

    data: CheckShape


class CertificateAnswer(_Answer):
    """How a release was protected."""

    data: dict[str, object]


class GeometryShape(_Shape):
    """Outlines as GeoJSON."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, object]]


class GeometryAnswer(_Answer):
    """Outlines of the maps; no feature where the project has none."""

    data: GeometryShape


class RunShape(_Shape):
    """Long work: state, stage, how far, what came of it."""

    id: str
    kind: Literal["run", "import", "report"]
    asked: dict[str, object]
    status: Literal["working", "done", "failed", "cancelled"]
    stage: str
    done: int
    total: int
    seconds: float
    seconds_left: float | None
    result: dict[str, object] | None
    problem: dict[str, object] | None
    file: bool


class RunAnswer(_Shape):
    """One piece of long work."""

    schema_: int = Field(alias="schema")
    data: RunShape
    meta: dict[str, object]


class RunListAnswer(_Shape):
    """The long work of this start."""

    schema_: int = Field(alias="schema")
    data: list[RunShape]
    meta: dict[str, object]


class SavedShape(_Shape):
    """A view that was kept."""

    id: str
    address: str


class SavedAnswer(_Shape):
    """Id and address of a view."""

    schema_: int = Field(alias="schema")
    data: SavedShape
    meta: dict[str, object]
