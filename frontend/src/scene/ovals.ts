// Deviational ellipses as rings of longitudes and latitudes: points at a bearing and a
// distance from the centre, on the sphere.
import { series } from "../texts";
import { cell } from "../core/format";
import { numberAt, textAt } from "../core/frame";
import { columnOf, titleOf, type Ctx } from "./scene";

export interface Oval {
  name: string;
  told: string;
  centre: [number, number];
  ring: [number, number][];
  /** Standard deviations on each half axis. */
  scale: number;
}

const RADIUS_KM = 6371.0088;
const POINTS = 90;
const RAD = Math.PI / 180;

/** The ellipses that the map names in its role `ellipses`. */
export function ringsOf(ctx: Ctx): Oval[] {
  const beside = ctx.beside?.ellipses;
  if (!beside) return [];
  const { view, frame } = beside;
  const { cx, cy, a, b, angle, label } = view.encode;
  const scaled = frame.columns.scale ? "scale" : undefined;
  const found: Oval[] = [];
  for (let i = 0; i < frame.length; i += 1) {
    const [lon, lat, long, short, theta] = [cx, cy, a, b, angle].map((c) => numberAt(frame, c, i)) as [number, number, number, number, number];
    if (![lon, lat, long, short].every(Number.isFinite)) continue;
    const name = textAt(frame, label, i, ctx.lang);
    const size = [a, b].map((c) => `${titleOf(view, c, ctx.lang)} ${cell(numberAt(frame, c, i), columnOf(view, c), ctx.lang)}`);
    const scale = numberAt(frame, scaled, i);
    found.push({
      name, told: series([name, ...size], ctx.lang), centre: [lon, lat],
      ring: ring(lon, lat, long, short, theta || 0), scale: Number.isFinite(scale) ? scale : 1,
    });
  }
  return found;
}

/** `theta` is the bearing of the long axis, degrees clockwise from north. */
export function ring(lon: number, lat: number, long: number, short: number, theta: number): [number, number][] {
  return Array.from({ length: POINTS }, (_, k) => {
    const t = (2 * Math.PI * k) / POINTS;
    const [along, aside] = [long * Math.cos(t), short * Math.sin(t)];
    const north = along * Math.cos(theta * RAD) - aside * Math.sin(theta * RAD);
    const east = along * Math.sin(theta * RAD) + aside * Math.cos(theta * RAD);
    return from(lon, lat, Math.atan2(east, north), Math.hypot(north, east) / RADIUS_KM);
  });
}

function from(lon: number, lat: number, bearing: number, arc: number): [number, number] {
  const p = lat * RAD;
  const up = Math.asin(Math.sin(p) * Math.cos(arc) + Math.cos(p) * Math.sin(arc) * Math.cos(bearing));
  const side = Math.atan2(Math.sin(bearing) * Math.sin(arc) * Math.cos(p), Math.cos(arc) - Math.sin(p) * Math.sin(up));
  return [lon + side / RAD, up / RAD];
}
