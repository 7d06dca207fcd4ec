// Keyboard use of a figure: one tab stop, arrows step through the marks (to the nearest in
// the direction on maps), Home and End, Enter keeps a mark, Escape closes the label. Also hover
// and click.

export interface Roving {
  /** Where arrows go: to the neighbour in drawing order or in the plane. */
  plane: boolean;
  show(mark: number, at: DOMRect): void;
  hide(): void;
  /** A mark was chosen; `byKey` when it was not by a pointer. */
  keep?(mark: number, byKey: boolean): void;
}

const STEP: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function roving(svg: SVGSVGElement, first: Roving): { update(next: Roving): void; destroy(): void } {
  let options = first;
  let at = 0;
  const marks = (): SVGElement[] => [...svg.querySelectorAll<SVGElement>("[data-mark]")];
  const markOf = (target: EventTarget | null): SVGElement | null =>
    target instanceof Element ? target.closest<SVGElement>("[data-mark]") : null;
  const show = (mark: SVGElement): void =>
    options.show(Number(mark.getAttribute("data-mark")), mark.getBoundingClientRect());

  function settle(): void {
    // marks come without a tab stop; one of them gets it
    if (svg.querySelector('[data-mark][tabindex="0"]')) return;
    const all = svg.querySelectorAll("[data-mark]");
    at = Math.min(at, Math.max(0, all.length - 1));
    all[at]?.setAttribute("tabindex", "0");
  }

  function go(to: number): void {
    const all = marks();
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    if (!next) return;
    all[at]?.setAttribute("tabindex", "-1");
    at = all.indexOf(next);
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") options.hide();
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = marks();
    if (event.key === "Home") go(0);
    else if (event.key === "End") go(all.length - 1);
    else if (event.key === "Enter" && options.keep) options.keep(at, true);
    else if (event.key in STEP) go(options.plane ? nearest(all, at, event.key) : at + (STEP[event.key] ?? 0));
    else return;
    event.preventDefault();
  }

  function onFocus(event: FocusEvent): void {
    const mark = markOf(event.target);
    if (!mark) return;
    const all = marks();
    all[at]?.setAttribute("tabindex", "-1");
    at = all.indexOf(mark);
    mark.setAttribute("tabindex", "0");
    show(mark);
  }

  const onOver = (event: Event): void => {
    const mark = markOf(event.target);
    if (mark) show(mark);
  };
  const onClick = (event: Event): void => {
    const mark = markOf(event.target);
    if (mark) options.keep?.(Number(mark.getAttribute("data-mark")), false);
  };
  const onOut = (): void => options.hide();
  svg.addEventListener("keydown", onKey);
  svg.addEventListener("focusin", onFocus);
  svg.addEventListener("focusout", onOut);
  svg.addEventListener("pointerover", onOver);
  svg.addEventListener("pointerleave", onOut);
  svg.addEventListener("click", onClick);
  const watcher = new MutationObserver(settle);
  watcher.observe(svg, { childList: true, subtree: true });
  settle();
  return {
    update: (next) => {
      options = next;
      settle();
    },
    destroy: () => {
      watcher.disconnect();
      svg.removeEventListener("keydown", onKey);
      svg.removeEventListener("focusin", onFocus);
      svg.removeEventListener("focusout", onOut);
      svg.removeEventListener("pointerover", onOver);
      svg.removeEventListener("pointerleave", onOut);
      svg.removeEventListener("click", onClick);
    },
  };
}

function nearest(all: SVGElement[], at: number, key: string): number {
  const middle = (mark: SVGElement | undefined): [number, number] => {
    const r = mark?.getBoundingClientRect();
    return r ? [r.x + r.width / 2, r.y + r.height / 2] : [0, 0];
  };
  const [x, y] = middle(all[at]);
  const [ux, uy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key] ?? [0, 0];
  let [best, found] = [Infinity, at];
  all.forEach((mark, k) => {
    const [dx, dy] = [middle(mark)[0] - x, middle(mark)[1] - y];
    const ahead = dx * (ux ?? 0) + dy * (uy ?? 0);
    const aside = Math.abs(dx * (uy ?? 0)) + Math.abs(dy * (ux ?? 0));
    // within 60 degrees of the direction, nearer to the axis is better
    if (k === at || ahead <= 0.5 || aside > ahead * 1.8) return;
    const cost = ahead + 2 * aside;
    if (cost < best) [best, found] = [cost, k];
  });
  return found;
}
