// Shapes of the JSON API, the same in server and file mode.

export type Lang = "en" | "zh";
export type Theme = "auto" | "light" | "dark" | "contrast";
export type Cell = string | number | boolean | null;

export interface Both {
  en: string;
  zh: string;
}

export type ChartKind =
  | "map" | "flowmap" | "bar" | "dot" | "line" | "event" | "scatter" | "histogram"
  | "slope" | "heatmap" | "treemap" | "sankey" | "network" | "ellipse" | "gauge"
  | "tree" | "ranksize" | "differences" | "lorenz" | "similarity" | "scoreboard"
  | "table" | "text";

export type ColumnType = "text" | "number" | "integer" | "boolean" | "share" | "code";

export interface Column {
  name: string;
  label: Both;
  unit?: Both | null;
  type?: ColumnType;
  decimals?: number;
  /** It is a false discovery rate. */
  rate?: boolean;
  /** What the codes of the column mean. */
  words?: { [code: string]: Both } | null;
}

export interface SourceOf {
  title: string;
  title_zh?: string;
  licence?: string | null;
  licence_zh?: string;
  publisher?: string | null;
}

/** One value of a look; of a measure, what is drawn with it. */
export interface Pick {
  value: string;
  label: Both;
  encode: Record<string, string>;
  order: string;
  unit: Both | null;
  uncertainty: Both | null;
  compared: boolean;
}

/** A choice of how rows are looked at: applied to the rows, not asked for. */
export interface Look {
  id: string;
  label: Both;
  kind: "measure" | "one" | "several" | "at_least" | "at_most" | "heaviest" | "against";
  column: string;
  blank: boolean;
  /** Chosen at first; empty for all rows. */
  default: string;
  picks: Pick[];
}

export interface View {
  id: string;
  title: Both;
  table?: string;
  labels?: Record<string, string>;
  /** Column to the only value of it that is shown. */
  keep?: Record<string, string>;
  /** Selector to its values under which the view is drawn. */
  when?: Record<string, string[]>;
  /** Column that the rows are sorted by, `-` in front for falling. */
  order?: string;
  chart: ChartKind;
  encode: Record<string, string>;
  filters?: Record<string, string>;
  columns: Column[];
  unit?: Both | null;
  note?: Both | null;
  method?: string | null;
  reference?: { value: number; label: Both } | null;
  source?: SourceOf[];
  rows?: number;
  top?: number | null;
  uncertainty?: Both | null;
  looks?: Look[];
}

export interface Option {
  value: string;
  label: Both;
  /** Values of the selector it is within that it stands beside. */
  of?: string[] | null;
}

export interface Selector {
  id: string;
  label: Both;
  options_from?: string | null;
  options?: Option[] | null;
  default?: string;
  column?: string;
  /** Another selector: only values beside its choice can be chosen. */
  within?: string;
  /** Not shown where there is nothing to choose between. */
  optional?: boolean;
}

export type Loose = string | number | boolean | null | Loose[] | { [key: string]: Loose };

export interface Finding {
  id: string;
  question: string | Both;
  answer: string | Both;
  question_zh?: string;
  answer_zh?: string;
  reading_zh?: string;
  estimate_zh?: Loose;
  null_zh?: Loose;
  truth_zh?: Loose;
  estimate: Loose;
  interval: Loose;
  null: Loose;
  p: number | null;
  reading: string | Both;
  evidence: string[];
  truth: Loose;
}

export interface Page {
  id: string;
  route: string;
  question: Both;
  lead: Both;
  study?: string | null;
  world?: string | null;
  generated?: boolean;
  selectors?: Selector[];
  available?: boolean;
  missing?: Both | null;
  findings?: Finding[];
  views?: View[];
}

export interface World {
  id: string;
  label: Both;
  generated: boolean;
  seed?: number | null;
  studies?: string[];
  /** Versions of the regions and of the classification. */
  geo?: string[];
  cls?: string[];
}

export interface Meta {
  title: Both;
  project: string;
  release: {
    id: string;
    created?: string;
    mode?: string;
    certificate?: { [key: string]: Loose } | null;
  };
  version?: string;
  generated?: boolean;
  worlds?: World[];
  languages?: Lang[];
  boundaries?: { source?: string; licence?: string; approval?: string | null; date?: string | null } | null;
  /** Whether imports, runs and saved views can be asked for. */
  desk?: boolean;
}

export interface Place {
  id: string;
  name: Both;
  world?: string | null;
  level?: string | null;
  parent?: string | null;
  lon?: number | null;
  lat?: number | null;
  /** Pinyin, initials and old names. */
  also?: string[];
}

/** A page that explains a method. */
export interface Method {
  name: string;
  title: string;
  lang: Lang;
  /** Name of the page in the other language. */
  twin?: string | null;
}

export interface MethodText extends Method {
  markdown: string;
  /** From what stands between dollar signs to MathML. */
  formulas?: Record<string, string>;
}

export interface AnswerMeta {
  release?: string;
  citation?: string | { [style: string]: string } | null;
  licence?: string | null;
  caveats?: (string | Both)[] | string | null;
  disclosure?: string | Both | null;
  manifest?: string | null;
}

/** Columns of a view, all of the same length. */
export interface Frame {
  columns: Record<string, Cell[]>;
  length: number;
}

export interface Answer {
  frame: Frame;
  meta: AnswerMeta;
  total: number;
}

export interface Hit {
  kind: "page" | "region" | "industry";
  id: string;
  /** Page and selector where it can be chosen. */
  page?: string;
  key?: string;
  name: Both;
  world?: string | null;
}

export interface Problem {
  code: string;
  detail: string;
  where?: string;
  fix?: string;
  request_id?: string;
}

export interface Boot {
  mode: "server" | "file";
  api?: string;
  lang?: Lang;
  charts?: string;
  root?: string;
}
