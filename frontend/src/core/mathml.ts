// Formulas as MathML, which browsers draw without a script. What the server says is parsed as
// XML and taken over only when it is MathML through and through.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const KNOWN = /^(math|mrow|mi|mn|mo|ms|mtext|mspace|mfrac|msqrt|mroot|mstyle|mpadded|mphantom|menclose|merror|msub|msup|msubsup|munder|mover|munderover|mtable|mtr|mtd)$/;
const REFUSED = /^(on|xlink|href$|src$|style$|class$|id$|action)/i;

function isFormula(element: Element): boolean {
  if (element.namespaceURI !== MATHML || !KNOWN.test(element.localName)) return false;
  if ([...element.attributes].some((a) => REFUSED.test(a.name))) return false;
  return [...element.children].every(isFormula);
}

/** The element of a formula; null for what is none. */
export function mathOf(text: string | undefined): Element | null {
  if (!text) return null;
  const root = new DOMParser().parseFromString(text, "application/xml").documentElement;
  return isFormula(root) ? document.importNode(root, true) : null;
}
