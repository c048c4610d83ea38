// What the Jobs page shows, as it stands in the address: so that it can be kept, sent and gone back
// to. The same parameters are those of the API.

import type { Filter, Row } from "../api/shapes";
import { isStatus } from "./status";

export type Sort = "newest" | "oldest" | "finished";

export interface View {
  filter: Filter;
  sort: Sort;
}

export const EVERYTHING: Filter = {
  status: [],
  type: [],
  queue: [],
  tag: null,
  error: null,
  fingerprint: null,
  path: null,
  since: null,
  until: null,
};

const SINGLE = ["tag", "error", "fingerprint", "path", "since", "until"] as const;
const LISTS = ["type", "queue"] as const;

const isSort = (text: string | null): text is Sort =>
  text === "newest" || text === "oldest" || text === "finished";

export function fromQuery(query: URLSearchParams): View {
  const filter: Filter = { ...EVERYTHING, status: query.getAll("status").filter(isStatus) };
  for (const name of LISTS) filter[name] = query.getAll(name).filter((value) => value !== "");
  for (const name of SINGLE) filter[name] = query.get(name) || null;
  const sort = query.get("sort");
  return { filter, sort: isSort(sort) ? sort : "newest" };
}

export function toQuery({ filter, sort }: View): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ["status", ...LISTS] as const) {
    for (const value of filter[name]) query.append(name, value);
  }
  for (const name of SINGLE) {
    const value = filter[name];
    if (value !== null) query.set(name, value);
  }
  if (sort !== "newest") query.set("sort", sort);
  return query;
}

export const isEverything = (filter: Filter): boolean =>
  [...LISTS, "status" as const].every((name) => filter[name].length === 0) &&
  SINGLE.every((name) => filter[name] === null);

/** Whether a row matches. What only the database can say is taken for granted. */
export function matches(filter: Filter, row: Row): boolean {
  const among = (wanted: readonly string[], value: string): boolean =>
    wanted.length === 0 || wanted.includes(value);
  const error = `${row.error?.type ?? ""} ${row.error?.message ?? ""}`.toLowerCase();
  const created = Date.parse(row.created_at);
  return (
    among(filter.status, row.status) &&
    among(filter.type, row.type) &&
    among(filter.queue, row.queue) &&
    (filter.tag === null || row.tags.includes(filter.tag)) &&
    (filter.error === null || error.includes(filter.error.toLowerCase())) &&
    (filter.since === null || created >= Date.parse(filter.since)) &&
    (filter.until === null || created < Date.parse(filter.until))
  );
}
