// Loads charts.js once, when a page first needs it; in the one-file export it is there.
import type { Charts, Paint } from "../charts/model";

declare global {
  interface Window {
    aggloCharts?: Charts;
  }
}

const own = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : "";
let loading: Promise<Charts> | null = null;

export function charts(address: string | undefined): Promise<Charts> {
  loading ??= load(address ?? own.replace(/app(?=[^/]*$)/, "charts"));
  loading.catch(() => (loading = null));
  return loading;
}

function load(address: string): Promise<Charts> {
  if (window.aggloCharts) return Promise.resolve(window.aggloCharts);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => (window.aggloCharts ? resolve(window.aggloCharts) : reject(new Error("charts.js is damaged.")));
    script.onerror = () => reject(new Error("charts.js could not be loaded."));
    document.head.append(script);
  });
}

/** Colours of the theme, for what is drawn on canvas. */
export function paintOf(host: Element, diverging: boolean): Paint {
  const style = getComputedStyle(host);
  const get = (name: string): string => style.getPropertyValue(name).trim();
  const five = [0, 1, 2, 3, 4];
  return {
    ink: get("--ink"), soft: get("--soft"), paper: get("--paper"), grid: get("--grid"), font: style.fontFamily.replaceAll('"', "'"),
    series: [0, 1, 2, 3, 4, 5].map((k) => get(`--series${k}`)),
    classes: five.map((k) => get(`--${diverging ? "div" : "seq"}${k}`)),
  };
}
