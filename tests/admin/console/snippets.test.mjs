import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { abilitiesOf, roleName } from "../../../admin/console/state/abilities.js";
import { chatAsCurl, chatAsPython, pythonLiteral, shellQuote } from "../../../admin/console/text/snippets.js";

const HOSTILE = ["it's", "$(touch x) `id` \"q\" \\", "a\nb", "<img src=x onerror=alert(1)>", "\u202Eevil", "' ; rm -rf / #", "\u2028"];

test("what a user typed stays one word in a shell", () => {
  for (const text of HOSTILE) {
    assert.equal(execFileSync("sh", ["-c", `printf %s ${shellQuote(text)}`], { encoding: "utf8" }), text);
  }
});

test("a curl line carries the body as it is", () => {
  for (const text of HOSTILE) {
    const line = chatAsCurl("http://host/v1", "key", { messages: [{ role: "user", content: text }] });
    const printed = execFileSync("sh", ["-c", line.replace("curl", "printf '%s\\n'")], { encoding: "utf8" });
    const body = printed.slice(printed.indexOf("-d\n") + 3);
    assert.equal(JSON.parse(body).messages[0].content, text);
  }
});

test("a Python literal means what the JSON meant", () => {
  const value = { texts: HOSTILE, flags: [true, false, null], number: 0.5, empty: [], nested: { deep: [{ a: 1 }] } };
  const program = `import json\nprint(json.dumps(${pythonLiteral(value)}))`;
  const printed = execFileSync("python3", ["-c", program], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(printed), value);
});

test("a Python program compiles, and holds no key where none is given", () => {
  const body = { model: "m", messages: [{ role: "user", content: HOSTILE.join(" ") }], stream: true, stream_options: {} };
  const program = chatAsPython("http://host/v1", null, body);
  execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: program });
  assert.ok(!program.includes("api_key"));
  assert.ok(program.includes("stream=True"));
});

test("roles are understood as an actor and as an admin key have them", () => {
  assert.equal(abilitiesOf({ role: "org.owner" }).manageTenants, true);
  assert.equal(abilitiesOf({ role: "owner" }).manageTenants, true);
  for (const role of ["org.viewer", "viewer", "of a later version", undefined]) {
    assert.deepEqual(Object.values(abilitiesOf({ role })).slice(1), [false, false, false, true, null]);
  }
  const owner = abilitiesOf({ role: "project_owner", project_id: "proj_1" });
  assert.deepEqual([owner.manageTenants, owner.manageKeys, owner.operateKeys, owner.projectId], [false, true, true, "proj_1"]);
  const member = abilitiesOf({ role: "project.member", project_id: "proj_1" });
  assert.deepEqual([member.manageKeys, member.operateKeys], [false, true]);
  assert.equal(roleName({ role: "project_member" }), "Tenant member");
});
