// A tile grid: every place gets a square of its own, near where it lies. Assignment is
// deterministic: places from the middle outwards take the nearest free square.
export interface Tiles {
  /** Column and row of every place; rows count from the north. */
  at: ([number, number] | null)[];
  columns: number;
  rows: number;
}

const ROOM = 1.35;

export function tilesOf(places: [number, number][]): Tiles {
  const known = places.flatMap((p, i) => (p.every(Number.isFinite) ? [i] : []));
  if (known.length === 0) return { at: places.map(() => null), columns: 1, rows: 1 };
  const xs = known.map((i) => (places[i] as [number, number])[0]);
  const ys = known.map((i) => (places[i] as [number, number])[1]);
  const [west, east, south, north] = [least(xs), -least(xs.map((v) => -v)), least(ys), -least(ys.map((v) => -v))];
  // degrees of longitude are shorter than those of latitude
  const shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const [wide, tall] = [Math.max((east - west) * shrink, 1e-6), Math.max(north - south, 1e-6)];
  const cells = known.length * ROOM;
  const columns = Math.max(1, Math.round(Math.sqrt((cells * wide) / tall)));
  const rows = Math.max(1, Math.ceil(cells / columns));
  const wanted = new Map(known.map((i) => {
    const [x, y] = places[i] as [number, number];
    return [i, [((x - west) / (east - west || 1)) * (columns - 1), ((north - y) / (north - south || 1)) * (rows - 1)] as [number, number]];
  }));
  const far = (i: number): number => {
    const [x, y] = wanted.get(i) as [number, number];
    return Math.hypot(x - (columns - 1) / 2, y - (rows - 1) / 2);
  };
  const taken = new Set<number>();
  const at: ([number, number] | null)[] = places.map(() => null);
  for (const i of [...known].sort((a, b) => far(a) - far(b) || a - b)) {
    const spot = nearestFree(wanted.get(i) as [number, number], columns, rows, taken);
    if (!spot) continue;
    taken.add(spot[1] * columns + spot[0]);
    at[i] = spot;
  }
  return { at, columns, rows };
}

function least(values: number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

/** Rings of growing size around the wanted square; the nearest free one of a ring, then one ring more. */
function nearestFree([x, y]: [number, number], columns: number, rows: number, taken: Set<number>): [number, number] | null {
  const [cx, cy] = [Math.round(x), Math.round(y)];
  let best: [number, number] | null = null;
  let gap = Infinity;
  for (let r = 0; r <= Math.max(columns, rows); r += 1) {
    // squares of this ring are at least r - 1/2 away
    if (best && gap <= r - 0.5) break;
    for (let dy = -r; dy <= r; dy += 1) {
      const step = Math.abs(dy) === r ? 1 : 2 * r;
      for (let dx = -r; dx <= r; dx += step || 1) {
        const [c, s] = [cx + dx, cy + dy];
        if (c < 0 || s < 0 || c >= columns || s >= rows || taken.has(s * columns + c)) continue;
        const away = Math.hypot(c - x, s - y);
        if (away < gap) [best, gap] = [[c, s], away];
      }
    }
  }
  return best;
}
