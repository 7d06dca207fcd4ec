// Made from openapi.json by make.py; do not edit. Shapes of the JSON API.
/* eslint-disable */

/** Which release an answer is from, how it was protected, how to cite it. */
export interface AnswerMeta {
  release: string;
  version: string;
  mode: "private" | "review" | "public";
  generated: boolean | null;
  disclosure: Both;
  manifest: string;
  view?: string | null;
  units?: Record<string, Both> | null;
  citation?: string | null;
  licence?: string | null;
  caveats?: Both[] | null;
  notices?: string[] | null;
}

/** One text in both languages. */
export interface Both {
  en: string;
  zh: string;
}

/** Where the outlines of the maps come from. */
export interface BoundaryShape {
  source: string;
  licence: string;
  approval: string;
  date: string;
}

/** How a release was protected. */
export interface CertificateAnswer {
  schema: number;
  meta: AnswerMeta;
  data: Record<string, unknown>;
}

/** Hashes of a release computed anew; `wrong` names what is not as recorded. */
export interface CheckAnswer {
  schema: number;
  meta: AnswerMeta;
  data: CheckShape;
}

/** What hashing a release anew gave. */
export interface CheckShape {
  checked: number;
  wrong: string[];
}

/** A code list. */
export interface CodeAnswer {
  schema: number;
  meta: AnswerMeta;
  data: CodeEntry[];
}

/** A region or industry. */
export interface CodeEntry {
  id: string;
  name: Both;
  world: string;
  level: string | null;
  parent: string | null;
  lon: number | null;
  lat: number | null;
  also: string[];
}

/** A column of a view. */
export interface ColumnShape {
  name: string;
  label: Both;
  unit: Both | null;
  type: "text" | "number" | "integer" | "boolean" | "share" | "code";
  decimals: number;
  rate: boolean;
  words?: Record<string, Both> | null;
}

/** A view with its first rows. */
export interface FilledView {
  id: string;
  title: Both;
  table: string;
  chart: string;
  encode: Record<string, string>;
  filters: Record<string, string>;
  columns: ColumnShape[];
  labels: Record<string, string>;
  keep: Record<string, string>;
  when: Record<string, string[]>;
  order: string;
  top: number | null;
  unit: Both | null;
  note: Both | null;
  uncertainty: Both;
  method: string;
  reference: ReferenceShape | null;
  looks: LookShape[];
  source: SourceShape[];
  rows: number;
  data: (Record<string, string | number | boolean | null>)[];
  page: Paging;
}

/** What was found, the best first. */
export interface FindAnswer {
  schema: number;
  meta: AnswerMeta;
  data: Hit[];
}

/** Outlines of the maps; no feature where the project has none. */
export interface GeometryAnswer {
  schema: number;
  meta: AnswerMeta;
  data: GeometryShape;
}

/** Outlines as GeoJSON. */
export interface GeometryShape {
  type: "FeatureCollection";
  features: Record<string, unknown>[];
}

/** What the find box found. */
export interface Hit {
  kind: "region" | "industry" | "page";
  id: string;
  name: Both;
  page: string;
  key: string;
  by: "name" | "pinyin" | "initials" | "old_name";
  also: string[];
}

/** Routes that there are. */
export interface IndexAnswer {
  resources: string[];
}

/** The indicators of the release. */
export interface IndicatorAnswer {
  schema: number;
  meta: AnswerMeta;
  data: IndicatorEntry[];
}

/** A number that can be asked for by name. */
export interface IndicatorEntry {
  id: string;
  label: Both;
  table: string;
  keys: string[];
  interval: string | null;
}

/** A study, or a table of it, that is not released. */
export interface LeftOut {
  study: string;
  table?: string | null;
  reason: Both;
}

/** A choice of how rows are looked at; applied to the rows, not asked for. */
export interface LookShape {
  id: string;
  label: Both;
  kind: "measure" | "one" | "several" | "at_least" | "at_most" | "heaviest" | "against";
  column: string;
  blank: boolean;
  default: string;
  picks: PickShape[];
}

/** Hashes of everything in a release. */
export interface ManifestAnswer {
  schema: number;
  meta: AnswerMeta;
  data: ManifestShape;
}

/** Hashes of a release. */
export interface ManifestShape {
  release: string;
  version: string;
  mode: "private" | "review" | "public";
  run_manifest: string;
  packages: Record<string, string>;
  settings: Record<string, unknown>;
  tables: Record<string, string>;
  verify: string;
}

/** Project, release, worlds, languages. */
export interface MetaAnswer {
  schema: number;
  meta: AnswerMeta;
  data: MetaData;
}

/** What is served. */
export interface MetaData {
  title: Both;
  project: string;
  release: ReleaseShape;
  version: string;
  generated: boolean;
  seed: number | null;
  worlds: World[];
  languages: ("en" | "zh")[];
  language: "en" | "zh";
  boundaries: BoundaryShape | null;
  desk: boolean;
  left_out: LeftOut[];
}

/** The page as Markdown. */
export interface MethodAnswer {
  schema: number;
  meta: AnswerMeta;
  data: MethodEntry;
}

/** A page that explains a method. */
export interface MethodEntry {
  name: string;
  title: string;
  lang: "en" | "zh";
  twin?: string | null;
  markdown?: string | null;
  formulas?: Record<string, string> | null;
}

/** The pages that there are. */
export interface MethodListAnswer {
  schema: number;
  meta: AnswerMeta;
  data: MethodEntry[];
}

/** A value that can be chosen; `of` the values of another selector it stands beside. */
export interface OptionShape {
  value: string;
  label: Both;
  of: string[] | null;
}

/** A page with its views. */
export interface PageAnswer {
  schema: number;
  meta: AnswerMeta;
  data: PageShape;
}

/** The menu. */
export interface PageListAnswer {
  schema: number;
  meta: AnswerMeta;
  data: PageShape[];
}

/** A question of the menu. */
export interface PageShape {
  id: string;
  route: string;
  question: Both;
  lead: Both;
  study: string | null;
  world: string | null;
  generated: boolean;
  available: boolean;
  missing: Both | null;
  absent: string[];
  selectors: SelectorShape[];
  findings: Record<string, unknown>[];
  views: ViewShape[];
}

/** Where a list goes on. */
export interface Paging {
  limit: number;
  next: string | null;
  total: number;
}

/** One value of a look. */
export interface PickShape {
  value: string;
  label: Both;
  encode: Record<string, string>;
  order: string;
  unit: Both | null;
  uncertainty: Both | null;
  compared: boolean;
}

/** What went wrong: a code, a sentence, a place, a way out. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  where: string;
  fix: string;
  request_id: string;
}

/** A line that values are compared with. */
export interface ReferenceShape {
  value: number;
  label: Both;
}

/** The release that is served. */
export interface ReleaseShape {
  id: string;
  created: string;
  mode: "private" | "review" | "public";
  certificate: Record<string, unknown>;
}

/** A brief: page, what was chosen on it, language and format. */
export interface ReportOrder {
  page: string;
  choice?: string;
  lang?: "en" | "zh";
  format?: "html" | "pdf" | "docx";
}

/** One piece of long work. */
export interface RunAnswer {
  schema: number;
  data: RunShape;
  meta: Record<string, unknown>;
}

/** The long work of this start. */
export interface RunListAnswer {
  schema: number;
  data: RunShape[];
  meta: Record<string, unknown>;
}

/** Which study to run; all whose tables are there when none is named. */
export interface RunOrder {
  study?: string | null;
}

/** Long work: state, stage, how far, what came of it. */
export interface RunShape {
  id: string;
  kind: "run" | "import" | "report";
  asked: Record<string, unknown>;
  status: "working" | "done" | "failed" | "cancelled";
  stage: string;
  done: number;
  total: number;
  seconds: number;
  seconds_left: number | null;
  result: Record<string, unknown> | null;
  problem: Record<string, unknown> | null;
  file: boolean;
}

/** Id and address of a view. */
export interface SavedAnswer {
  schema: number;
  data: SavedShape;
  meta: Record<string, unknown>;
}

/** A view that was kept. */
export interface SavedShape {
  id: string;
  address: string;
}

/** A choice the reader makes. */
export interface SelectorShape {
  id: string;
  label: Both;
  options_from: string | null;
  options: OptionShape[] | null;
  default: string;
  within: string;
  optional: boolean;
}

/** Title, licence and publisher of data. */
export interface SourceShape {
  title: string;
  title_zh: string;
  licence: string;
  licence_zh: string;
  publisher: string;
  citation: string;
}

/** A released table. */
export interface TableAnswer {
  schema: number;
  meta: AnswerMeta;
  data: TableEntry;
}

/** A column of a released table. */
export interface TableColumn {
  name: string;
  type: string;
}

/** A released table. */
export interface TableEntry {
  id: string;
  file: string;
  study: string;
  rows: number;
  columns: TableColumn[];
  digest: string;
}

/** The released tables. */
export interface TableListAnswer {
  schema: number;
  meta: AnswerMeta;
  data: TableEntry[];
}

/** What a page shows. */
export interface TwinAnswer {
  schema: number;
  meta: AnswerMeta;
  data: TwinShape;
}

/** A page with the rows of its views, and what was chosen on it. */
export interface TwinShape {
  id: string;
  route: string;
  question: Both;
  lead: Both;
  study: string | null;
  world: string | null;
  generated: boolean;
  available: boolean;
  missing: Both | null;
  absent: string[];
  selectors: SelectorShape[];
  findings: Record<string, unknown>[];
  views: FilledView[];
  chosen: Record<string, string>;
}

/** A column as bytes: all first bytes of its numbers, then all second ones, in base64. ``number``: doubles in ``values``, NaN for null; with ``at``, the place of each row in them. ``text``: the place of each row in ``texts``. ``code``: steps from row to row in the list of ``/regions`` or ``/industries`` followed by ``more``, modulo the width. ``boolean``: 0, 1, or 2 for null. ``beside``: a name or coordinate of the code in the column ``of``. A place behind the end is null. The width of a place is the number of bytes over the number of rows, lowest byte first. */
export interface TypedColumn {
  kind: "number" | "text" | "code" | "boolean" | "beside";
  values?: string | null;
  at?: string | null;
  texts?: string[] | null;
  list?: "regions" | "industries" | null;
  more?: string[] | null;
  of?: string | null;
  part?: "en" | "zh" | "lon" | "lat" | null;
}

/** Rows as typed columns, ``layout=typed``. */
export interface TypedShape {
  length: number;
  columns: Record<string, TypedColumn>;
}

/** A released number with its uncertainty and state. */
export interface ValueRow {
  indicator: string;
  region: string | null;
  industry: string | null;
  period: string | null;
  value: number | null;
  lo: number | null;
  hi: number | null;
  level: number | null;
  method: string;
  n: number | null;
  status: "number" | "zero" | "confidential" | "undefined";
  reason: string;
}

/** Values of an indicator: rows, or columns where these were asked for. */
export interface ValuesAnswer {
  schema: number;
  meta: AnswerMeta;
  data: ValueRow[] | Record<string, (string | number | boolean | null)[]>;
  page: Paging;
}

/** Rows of a view, or its columns where these were asked for. */
export interface ViewAnswer {
  schema: number;
  meta: AnswerMeta;
  data: (Record<string, string | number | boolean | null>)[] | TypedShape | Record<string, (string | number | boolean | null)[]>;
  page?: Paging | null;
}

/** A view to keep: its address without host. */
export interface ViewOrder {
  address: string;
}

/** A chart with its table. */
export interface ViewShape {
  id: string;
  title: Both;
  table: string;
  chart: string;
  encode: Record<string, string>;
  filters: Record<string, string>;
  columns: ColumnShape[];
  labels: Record<string, string>;
  keep: Record<string, string>;
  when: Record<string, string[]>;
  order: string;
  top: number | null;
  unit: Both | null;
  note: Both | null;
  uncertainty: Both;
  method: string;
  reference: ReferenceShape | null;
  looks: LookShape[];
  source: SourceShape[];
  rows: number;
}

/** A study with its data. */
export interface World {
  id: string;
  label: Both;
  question: Both;
  generated: boolean;
  seed: number | null;
  studies: string[];
  geo: string[];
  cls: string[];
}
