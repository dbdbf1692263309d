/** Where in the console somebody is: the part of the address behind `#`, which no server sees. It never holds a key. */

/** `#/tenants/proj_1?tab=limits` -> `{ path: ["tenants", "proj_1"], query: { tab: "limits" } }` */
export function parseHash(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decode), query: Object.fromEntries(new URLSearchParams(query)) };
}

export function toHash(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const parameters = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${parameters ? `?${parameters}` : ""}`;
}

export function go(path, query) {
  location.hash = toHash(path, query);
}

/** Remember a view's filters in the address without leaving it. */
export function replaceQuery(path, query) {
  history.replaceState(null, "", toHash(path, query));
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
