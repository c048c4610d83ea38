// Pages live behind the #: the server needs to know one address only, below whatever prefix.

export interface Route {
  page: string;
  /** What follows the page: a uid. */
  rest: string;
  query: URLSearchParams;
}

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const [page = "", ...rest] = path.split("/");
  return {
    page: page || "overview",
    rest: decode(rest.join("/")),
    query: new URLSearchParams(query),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function href(page: string, rest = "", query?: URLSearchParams): string {
  const path = rest === "" ? `#/${page}` : `#/${page}/${encodeURIComponent(rest)}`;
  const text = query?.toString() ?? "";
  return text === "" ? path : `${path}?${text}`;
}
