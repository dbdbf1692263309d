/** The one place that speaks to the network. */

/** An answer that is an error, or no answer at all (`status` 0). `message` is the API's own, for people to read. */
export class ApiError extends Error {
  constructor(status, { message, code = null, param = null }, requestId = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.param = param;
    this.requestId = requestId;
  }
}

/** Whether somebody gave up waiting: a view that was left, or a stop button. Nobody needs to be told. */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/**
 * A client of one base URL with one credential, which lives in this closure and nowhere else.
 *
 * `get`, `post` and `remove` resolve to `{ body, etag, replayed }` or throw ApiError. `open` resolves to the Response
 * of a request whose answer is read as it comes. `onUnauthorized` is told when the credential is refused.
 */
export function createClient({ baseUrl, credential, onUnauthorized = () => {} }) {
  async function open(method, path, { query, body, signal, headers = {} } = {}) {
    const sent = { authorization: `Bearer ${credential}`, ...headers };
    if (body !== undefined) sent["content-type"] = "application/json";
    let response;
    try {
      response = await fetch(withQuery(baseUrl + path, query), {
        method,
        headers: sent,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
      });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new ApiError(0, { message: "The gateway could not be reached. Check your connection, then try again." });
    }
    if (response.ok) return response;
    const failure = await toError(response);
    if (response.status === 401) onUnauthorized(failure);
    throw failure;
  }

  async function send(method, path, options) {
    const response = await open(method, path, options);
    const replayed = response.headers.get("idempotent-replayed") === "true";
    return { body: await response.json(), etag: response.headers.get("etag"), replayed };
  }

  return {
    open,
    get: (path, options) => send("GET", path, options),
    /** `idempotencyKey` names what one click meant: sent again, it is answered and not done again. */
    post: (path, body, { ifMatch, idempotencyKey, ...options } = {}) => {
      const headers = { "idempotency-key": idempotencyKey ?? crypto.randomUUID() };
      if (ifMatch) headers["if-match"] = ifMatch;
      return send("POST", path, { ...options, body, headers });
    },
    remove: (path, { ifMatch, ...options } = {}) =>
      send("DELETE", path, { ...options, headers: ifMatch ? { "if-match": ifMatch } : {} }),
  };
}

async function toError(response) {
  const requestId = response.headers.get("x-request-id");
  const fallback = { message: `The gateway answered ${response.status}.` };
  try {
    const { error } = await response.json();
    return new ApiError(response.status, error?.message ? error : fallback, requestId);
  } catch {
    return new ApiError(response.status, fallback, requestId);
  }
}

/** Lists are repeated with brackets, as OpenAI's SDKs write them; what is null is left out. */
function withQuery(url, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) value.forEach((each) => parameters.append(`${name}[]`, each));
    else if (value !== null && value !== undefined && value !== "") parameters.append(name, value);
  }
  const text = parameters.toString();
  return text ? `${url}?${text}` : url;
}
