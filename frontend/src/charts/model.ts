// What charts.js is asked to draw: plain data, no rows, no labels to look up.

export interface Paint {
  ink: string;
  soft: string;
  paper: string;
  grid: string;
  font: string;
  series: string[];
  /** Five classes, low to high. */
  classes: string[];
}

export interface Item {
  row: number;
  name: string;
  tip: string;
  value: number;
  /** Class of the colour, or -1. */
  colour: number;
  parent?: string;
  /** Sign of a value that is no number. */
  sign?: string;
}

export interface Tie {
  row: number;
  source: string;
  target: string;
  value: number;
  tip: string;
}

export interface Knot {
  row: number;
  id: string;
  name: string;
  x: number | null;
  y: number | null;
  size: number;
  group: number;
  /** Class of the colour, -1 for no value; without it the group gives the colour. */
  colour?: number;
  tip: string;
}

export type Model =
  | { kind: "treemap"; items: Item[] }
  | { kind: "heatmap"; xs: string[]; ys: string[]; cells: { x: number; y: number; item: Item }[] }
  | { kind: "sankey"; knots: string[]; ties: Tie[] }
  | { kind: "network"; knots: Knot[]; ties: Tie[]; placed: boolean };

export interface Handle {
  resize(width: number, height: number): void;
  /** Draw other data in the same place. */
  update(model: Model, paint: Paint): void;
  /** Step to the next or an earlier datum; gives its text. */
  step(by: number): string;
  dispose(): void;
}

export interface Charts {
  draw(host: HTMLElement, model: Model, paint: Paint, show: (tip: string | null, x: number, y: number) => void): Handle;
  svg(model: Model, paint: Paint, width: number, height: number): string;
}
