/** Programs to paste. Whatever a user typed is quoted for the language it goes into. */

/** One word of a POSIX shell. */
export function shellQuote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A Python literal of what JSON can say. */
export function pythonLiteral(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return String(value);
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => `${inner}${pythonLiteral(each, inner)},\n`).join("")}${indent}]`;
  }
  const entries = Object.entries(value);
  if (entries.every(([, each]) => typeof each !== "object" || each === null)) {
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}: ${pythonLiteral(each)}`).join(", ")}}`;
  }
  const lines = entries.map(([name, each]) => `${inner}${JSON.stringify(name)}: ${pythonLiteral(each, inner)},\n`);
  return `{\n${lines.join("")}${indent}}`;
}

/** A curl line that streams a chat. `apiKey` may be a secret or the name of a variable, such as $OPENAI_API_KEY. */
export function chatAsCurl(baseUrl, apiKey, body) {
  return [
    `curl -N ${shellQuote(`${baseUrl}/chat/completions`)} \\`,
    `  -H "Authorization: Bearer ${apiKey}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d ${shellQuote(JSON.stringify(body, null, 2))}`,
  ].join("\n");
}

/** A program for the openai package that prints a streamed answer. Without a key, the package reads OPENAI_API_KEY. */
export function chatAsPython(baseUrl, apiKey, body) {
  const { stream, stream_options: streamOptions, ...fields } = body;
  const key = apiKey === null ? "" : `, api_key=${JSON.stringify(apiKey)}`;
  const args = Object.entries(fields).map(([name, value]) => `    ${name}=${pythonLiteral(value, "    ")},\n`);
  return [
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${JSON.stringify(baseUrl)}${key})`,
    `stream = client.chat.completions.create(\n${args.join("")}    stream=True,\n)`,
    "for chunk in stream:",
    "    if chunk.choices:",
    `        print(chunk.choices[0].delta.content or "", end="", flush=True)`,
    "",
  ].join("\n");
}
