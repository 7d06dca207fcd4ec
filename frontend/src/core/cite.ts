// How to cite what is shown: plain text, BibTeX, RIS and GB/T 7714.
import { pick } from "../texts";
import type { Lang, Meta } from "./types";

export interface Citation {
  style: string;
  text: string;
}

export function citations(meta: Meta, what: string, address: string, lang: Lang): Citation[] {
  const title = pick(meta.title, lang) || meta.project;
  const { id, created = "" } = meta.release;
  const year = created.slice(0, 4) || "n.d.";
  const version = meta.version ? `agglo ${meta.version}` : "agglo";
  const full = what ? `${what}. ${title}` : title;
  const key = `agglo-${id.slice(0, 12)}`.replace(/[^\w-]/g, "");
  const safe = full.replace(/[{}\\]/g, "");
  return [
    { style: "plain", text: `${full}. ${version}, release ${id}, ${year}. ${address}` },
    {
      style: "BibTeX",
      text: `@misc{${key},\n  title = {${safe}},\n  year = {${year}},\n  note = {${version}, release ${id}},\n  howpublished = {${address}}\n}`,
    },
    {
      style: "RIS",
      text: `TY  - DATA\nTI  - ${full}\nPY  - ${year}\nET  - release ${id}\nPB  - ${version}\nUR  - ${address}\nER  - `,
    },
    { style: "GB/T 7714", text: `${full}[DS]. ${version}, release ${id}. (${created.slice(0, 10) || year}). ${address}.` },
  ];
}
