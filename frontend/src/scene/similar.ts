// The order of the leaves of an average-linkage tree: alike rows become neighbours.

/** Give the places of the rows, ordered; distances are Euclidean. */
export function similarOrder(rows: Float64Array[]): number[] {
  const n = rows.length;
  if (n < 3) return rows.map((_, k) => k);
  const away = rows.map((a) => Float64Array.from(rows, (b) => gap(a, b)));
  let clusters = rows.map((_, k): number[] => [k]);
  const apart = away.map((row) => Float64Array.from(row));
  const alive = new Set(clusters.map((_, k) => k));
  while (alive.size > 1) {
    let [best, p, q] = [Infinity, 0, 0];
    const live = [...alive];
    for (const a of live) for (const b of live) if (a < b && (apart[a]?.[b] ?? 0) < best) [best, p, q] = [apart[a]?.[b] ?? 0, a, b];
    const [one, two] = [clusters[p] ?? [], clusters[q] ?? []];
    for (const k of live) {
      const mean = ((apart[p]?.[k] ?? 0) * one.length + (apart[q]?.[k] ?? 0) * two.length) / (one.length + two.length);
      (apart[p] as Float64Array)[k] = mean;
      (apart[k] as Float64Array)[p] = mean;
    }
    clusters = clusters.with(p, facing(one, two, away));
    alive.delete(q);
  }
  return clusters[[...alive][0] ?? 0] ?? [];
}

/** Join two runs at the ends that are nearest. */
function facing(one: number[], two: number[], away: Float64Array[]): number[] {
  const gapOf = (a: number | undefined, b: number | undefined): number => away[a ?? 0]?.[b ?? 0] ?? 0;
  const turned = (list: number[]): number[] => [...list].reverse();
  const ways: [number, () => number[]][] = [
    [gapOf(one[one.length - 1], two[0]), () => [...one, ...two]],
    [gapOf(one[one.length - 1], two[two.length - 1]), () => [...one, ...turned(two)]],
    [gapOf(one[0], two[0]), () => [...turned(one), ...two]],
    [gapOf(one[0], two[two.length - 1]), () => [...two, ...one]],
  ];
  return ways.reduce((a, b) => (b[0] < a[0] ? b : a))[1]();
}

function gap(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += ((a[k] ?? 0) - (b[k] ?? 0)) ** 2;
  return Math.sqrt(sum);
}
