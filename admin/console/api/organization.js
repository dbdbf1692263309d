/** The admin API's paths, by what they mean. Each function of `organization(client)` resolves to a body. */

const PAGE_SIZE = 100;

export function organization(client) {
  const body = async (answer) => (await answer).body;
  const project = (projectId) => `/organization/projects/${encodeURIComponent(projectId)}`;
  const key = (projectId, keyId) => `${project(projectId)}/api_keys/${encodeURIComponent(keyId)}`;

  /** All pages of a list, one after the other. `onPage` sees what has come so far. */
  async function listAll(path, { query = {}, signal, onPage = () => {} } = {}) {
    const items = [];
    let after = null;
    for (;;) {
      const page = await body(client.get(path, { query: { ...query, limit: PAGE_SIZE, after }, signal }));
      items.push(...page.data);
      onPage(items);
      if (!page.has_more || page.data.length === 0) return items;
      after = page.last_id ?? page.data.at(-1).id;
    }
  }

  /** All buckets of a report's range. */
  async function report(path, query, signal) {
    const buckets = [];
    let page = null;
    do {
      const answer = await body(client.get(path, { query: { ...query, page }, signal }));
      buckets.push(...answer.data);
      page = answer.has_more ? answer.next_page : null;
    } while (page !== null);
    return buckets;
  }

  return {
    me: (signal) => body(client.get("/organization/me", { signal })),
    projects: ({ signal, archived = false } = {}) =>
      listAll("/organization/projects", { signal, query: archived ? { include_archived: true } : {} }),
    firstProject: () => body(client.get("/organization/projects", { query: { limit: 1 } })),
    project: (id, signal) => body(client.get(project(id), { signal })),
    createProject: (name, idempotencyKey) => body(client.post("/organization/projects", { name }, { idempotencyKey })),
    renameProject: (id, name) => body(client.post(project(id), { name })),
    archiveProject: (id) => body(client.post(`${project(id)}/archive`, {})),
    projectBudget: (id, signal) => body(client.get(`${project(id)}/budget`, { signal })),
    projectLimits: (id, signal) => client.get(`${project(id)}/limits`, { signal }),
    changeProjectLimits: (id, fields, ifMatch) => client.post(`${project(id)}/limits`, fields, { ifMatch }),
    projectModels: (id, signal) => body(client.get(`${project(id)}/model_permissions`, { signal })),
    setProjectModels: (id, permissions) => body(client.post(`${project(id)}/model_permissions`, permissions)),
    clearProjectModels: (id) => body(client.remove(`${project(id)}/model_permissions`)),
    members: (id, signal) => listAll(`${project(id)}/users`, { signal }),
    serviceAccounts: (id, signal) => listAll(`${project(id)}/service_accounts`, { signal }),
    createServiceAccount: (id, name) =>
      body(client.post(`${project(id)}/service_accounts`, { name, create_service_account_only: true })),

    keys: (id, options) => listAll(`${project(id)}/api_keys`, options),
    key: (projectId, keyId, signal) => client.get(key(projectId, keyId), { signal }),
    keyBudget: (projectId, keyId, signal) => body(client.get(`${key(projectId, keyId)}/budget`, { signal })),
    issueKey: (projectId, fields, idempotencyKey) =>
      client.post(`${project(projectId)}/api_keys`, fields, { idempotencyKey }),
    changeKey: (projectId, keyId, fields, ifMatch) => client.post(key(projectId, keyId), fields, { ifMatch }),
    rotateKey: (projectId, keyId, graceSeconds, idempotencyKey) =>
      client.post(`${key(projectId, keyId)}/rotate`, { grace_period_seconds: graceSeconds }, { idempotencyKey }),
    disableKey: (projectId, keyId) => body(client.post(`${key(projectId, keyId)}/disable`, {})),
    enableKey: (projectId, keyId) => body(client.post(`${key(projectId, keyId)}/enable`, {})),
    deleteKey: (projectId, keyId) => body(client.remove(key(projectId, keyId))),

    costs: (query, signal) => report("/organization/costs", { limit: 180, ...query }, signal),
    completions: (query, signal) => report("/organization/usage/completions", query, signal),
    embeddings: (query, signal) => report("/organization/usage/embeddings", query, signal),
    exportUsage: (query, signal) => client.open("GET", "/organization/usage/export", { query, signal }),
    auditLogs: (query, signal) => body(client.get("/organization/audit_logs", { query, signal })),
    models: (signal) => body(client.get("/organization/models", { signal })),
  };
}
