// The first figure of a page answers at once; the others follow when the page is idle, so
// that what the reader looks at never waits for what lies below.

const AT_ONCE = 1;
const SOON_MS = 100;
/** By then the figures of a page are there. */
const LATER_MS = 1000;

export function inTurn(place: number): Promise<void> {
  if (place < AT_ONCE || typeof requestIdleCallback !== "function") return Promise.resolve();
  return new Promise((resolve) => requestIdleCallback(() => resolve(), { timeout: SOON_MS * place }));
}

/** What a reader may want next waits until the page has been drawn. */
export const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LATER_MS));
