/** Who is signed in. Credentials are in this page's memory and nowhere else: reloading it forgets them. */

import { ApiError, createClient } from "../api/client.js";
import { organization } from "../api/organization.js";
import { abilitiesOf } from "./abilities.js";

export const IDLE_MINUTES = 30;
const ACTIVITY = ["pointerdown", "keydown", "wheel", "touchstart"];

/** Where the API is: beside the folder that the console is served from, also below a proxy's prefix. */
export const API_URL = new URL("../v1", document.baseURI).href;

export class Session extends EventTarget {
  #api = null;
  #actor = null;
  #lastActivity = 0;
  #timer = null;
  /** The playground's key, pasted there, and its conversation. */
  inferenceKey = "";
  playground = null;

  constructor() {
    super();
    for (const name of ACTIVITY) addEventListener(name, () => this.#touch(), { passive: true, capture: true });
    // A sleeping laptop runs no timers: it is looked at again when somebody looks at the page.
    document.addEventListener("visibilitychange", () => this.#check());
  }

  get api() {
    return this.#api;
  }

  get actor() {
    return this.#actor;
  }

  get abilities() {
    return abilitiesOf(this.#actor);
  }

  /** Sign in with an admin key. Throws ApiError, 401 for a key that is refused. */
  async signIn(adminKey) {
    const client = createClient({ baseUrl: API_URL, credential: adminKey, onUnauthorized: () => this.#refused() });
    const api = organization(client);
    this.#actor = await whoAmI(api);
    this.#api = api;
    this.#touch();
    this.#timer = setInterval(() => this.#check(), 15_000);
    this.dispatchEvent(new Event("signedin"));
  }

  /** Forget everything. `reason` is shown on the sign-in page. */
  signOut(reason = "") {
    if (this.#api === null) return;
    this.#api = null;
    this.#actor = null;
    this.inferenceKey = "";
    this.playground = null;
    clearInterval(this.#timer);
    this.dispatchEvent(new CustomEvent("signedout", { detail: reason }));
  }

  #touch() {
    this.#check();
    this.#lastActivity = Date.now();
  }

  #check() {
    if (this.#api !== null && Date.now() - this.#lastActivity >= IDLE_MINUTES * 60_000) {
      this.signOut(`You were signed out after ${IDLE_MINUTES} minutes without activity.`);
    }
  }

  #refused() {
    this.signOut("The admin key is no longer accepted. Sign in again.");
  }
}

/** The actor behind a key. A server that cannot tell is asked for something that only an administrator may see. */
async function whoAmI(api) {
  try {
    return await api.me();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  await api.firstProject();
  return { id: null, name: "Administrator", role: "org.owner", project_id: null, user_id: null };
}
