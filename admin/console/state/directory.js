/** What several views need: tenants, models, names of keys. Asked for once, kept for a while, forgotten on a change. */

const FRESH_MILLISECONDS = 10_000;
const AT_ONCE = 4;

export class Directory {
  #session;
  #kept = new Map();

  constructor(session) {
    this.#session = session;
    session.addEventListener("signedout", () => this.#kept.clear());
  }

  /** Forget what was kept: somebody changed something. */
  forget() {
    this.#kept.clear();
  }

  /** Tenants that the actor may see, archived ones at the end of the list if they are wanted. */
  projects({ archived = false } = {}) {
    return this.#keep(`projects ${archived}`, async () => {
      const { api, abilities } = this.#session;
      if (abilities.projectId !== null) return [await api.project(abilities.projectId)];
      return api.projects({ archived });
    });
  }

  keysOf(projectId) {
    return this.#keep(`keys ${projectId}`, () => this.#session.api.keys(projectId));
  }

  /** Models with prices, by id. A server without the extension has none. */
  models() {
    return this.#keep("models", async () => {
      const { data } = await this.#session.api.models();
      return new Map(data.map((model) => [model.id, model]));
    });
  }

  /** The keys of all tenants, `{ project, key }`. `onSome` sees what has come so far, a few tenants at a time. */
  async allKeys(onSome, signal) {
    const projects = await this.projects();
    const waiting = [...projects];
    const found = new Map();
    const gather = () => projects.flatMap((project) => (found.get(project.id) ?? []).map((key) => ({ project, key })));
    const work = async () => {
      for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
        if (signal?.aborted) return;
        found.set(project.id, await this.keysOf(project.id));
        onSome(gather(), found.size, projects.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return gather();
  }

  #keep(name, ask) {
    const kept = this.#kept.get(name);
    if (kept && Date.now() - kept.at < FRESH_MILLISECONDS) return kept.answer;
    const answer = ask();
    this.#kept.set(name, { at: Date.now(), answer });
    answer.catch(() => this.#kept.delete(name));
    return answer;
  }
}
