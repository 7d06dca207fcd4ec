// Types of the catalogues: a missing key fails the build, and so does a placeholder that
// only one of the languages has.
import type { en } from "./en";

type Holes<S extends string> = S extends `${string}{${infer Hole}}${infer Rest}`
  ? Hole | Holes<Rest>
  : never;

export type Key = keyof typeof en;
export type Catalogue = Record<Key, string>;
export type HolesOf<K extends Key> = Holes<(typeof en)[K]>;
export type Fill<K extends Key> = [HolesOf<K>] extends [never]
  ? []
  : [values: Record<HolesOf<K>, string | number>];

export type SameHoles<Other extends Catalogue> = {
  [K in Key as [HolesOf<K>] extends [Holes<Other[K]>]
    ? [Holes<Other[K]>] extends [HolesOf<K>] ? never : K
    : K]: "placeholders differ";
};
