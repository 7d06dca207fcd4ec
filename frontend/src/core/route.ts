// From an address to a page and its choices, and back.
import { decode, encode, type Parsed, type State } from "./permalink";
import type { Lang, Page } from "./types";

export interface Place {
  mode: "server" | "file";
  /** Path under which the observatory is served, with slashes at both ends. */
  root: string;
  lang: Lang;
}

export function readAddress(location: Location, place: Place): Parsed {
  if (place.mode === "file") return decode(location.hash.replace(/^#/, "") || "/", place.lang);
  const path = location.pathname.startsWith(place.root)
    ? location.pathname.slice(place.root.length)
    : location.pathname;
  return decode(written(path) + location.search, place.lang);
}

/** A path that was not encoded as it should be stays as it is. */
function written(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

export function address(state: State, place: Place): string {
  const written = encode(state, place.lang);
  return place.mode === "file" ? `#${written}` : place.root + written.replace(/^\//, "");
}

/**
 * Find the page of a route. A further part of the path is the first choice of the page, so
 * that /region/R01 and /region?region=R01 are the same view.
 */
export function match(route: string, pages: Page[]): { page: Page | undefined; rest: string[] } {
  const parts = route.split("/").filter(Boolean);
  const page = pages.find((p) => {
    const own = p.route.split("/").filter((part) => part !== "" && !part.startsWith("{"));
    return parts.length === 0 ? own.length === 0 || p.id === "home" : own[0] === parts[0];
  });
  return { page, rest: page ? parts.slice(1).map(plain) : [] };
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Route of a page without the holes for ids. */
export function routeOf(page: Page): string {
  const parts = page.route.split("/").filter((part) => part !== "" && !part.startsWith("{"));
  return page.id === "home" ? "/" : `/${parts.join("/")}`;
}
