// Long work of the owner's desk: a run is started, watched and ended; nobody else has this.
import type { Lang } from "./types";

export type RunStatus = "working" | "done" | "failed" | "cancelled";

export interface Told {
  code?: string;
  detail?: string;
  problems?: { what: string; where: string; fix: string }[];
}

export interface Run {
  id: string;
  kind: "run" | "import" | "report";
  asked: { study?: string | null };
  status: RunStatus;
  stage: string;
  done: number;
  total: number;
  seconds: number;
  seconds_left: number | null;
  result: { release?: string; steps?: number; kept?: number; skipped?: Record<string, string[]> } | null;
  problem: Told | null;
  /** Whether it has written a file that can be fetched. */
  file: boolean;
}

/** Formats of a brief; PDF and DOCX need their extras, and say so when they are not there. */
export const BRIEFS = ["html", "pdf", "docx"] as const;

export interface BriefOrder {
  page: string;
  choice: string;
  lang: Lang;
  format: (typeof BRIEFS)[number];
}

export interface Desk {
  /** Long work of this start of the server, the newest first. */
  list(): Promise<Run[]>;
  /** Run a study, or all whose tables are there. */
  start(study: string | null): Promise<Run>;
  /** Write a page of the observatory on paper. */
  report(order: BriefOrder): Promise<Run>;
  cancel(id: string): Promise<Run>;
  /** Address of the file of a run that has one. */
  fileOf(id: string): string;
  /** Be told every change until it has ended; gives what stops the telling. */
  watch(id: string, told: (run: Run) => void, lost: () => void): () => void;
}

/** How often a screen reader is told how far a run is, in milliseconds. */
export const ANNOUNCED = 5000;
const TRIES = 5;
const STATUSES: RunStatus[] = ["working", "done", "failed", "cancelled"];

export function serverDesk(base: string, ask: <T>(address: string, method?: "POST" | "DELETE", body?: string) => Promise<{ data: T }>): Desk {
  return {
    list: async () => (await ask<Run[]>(`${base}/runs`)).data,
    start: async (study) => (await ask<Run>(`${base}/runs`, "POST", JSON.stringify({ study }))).data,
    report: async (order) => (await ask<Run>(`${base}/reports`, "POST", JSON.stringify(order))).data,
    fileOf: (id) => `${base}/runs/${encodeURIComponent(id)}/file`,
    cancel: async (id) => (await ask<Run>(`${base}/runs/${encodeURIComponent(id)}`, "DELETE")).data,
    watch: (id, told, lost) => {
      // the stream is renewed by the server now and then; the browser asks again by itself
      const stream = new EventSource(`${base}/runs/${encodeURIComponent(id)}/events`);
      let failures = 0;
      for (const status of STATUSES) {
        stream.addEventListener(status, (event) => {
          failures = 0;
          const run = JSON.parse((event as MessageEvent<string>).data) as Run;
          if (run.status !== "working") stream.close();
          told(run);
        });
      }
      stream.addEventListener("error", () => {
        failures += 1;
        if (stream.readyState !== EventSource.CLOSED && failures < TRIES) return;
        stream.close();
        lost();
      });
      return () => stream.close();
    },
  };
}

/** Whole seconds as 45 s or 3 min 20 s; the unit words are those of the language. */
export function span(seconds: number, minute: string, second: string): string {
  const whole = Math.max(0, Math.round(seconds));
  const [m, s] = [Math.floor(whole / 60), whole % 60];
  return m > 0 ? `${m} ${minute} ${s} ${second}` : `${s} ${second}`;
}
