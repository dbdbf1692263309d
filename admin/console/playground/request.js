/** From what is on the page to the body of a request. Pure. */

/** `turns` are `{ role, text, images }`; `settings` the numbers as somebody typed them. Throws RangeError for a wrong one. */
export function toBody(settings, turns) {
  const body = { model: settings.model, messages: toMessages(settings.system, turns), stream: true, stream_options: { include_usage: true } };
  const temperature = readNumber(settings.temperature, 0, 1, "The temperature");
  const most = readNumber(settings.maxTokens, 1, 10_000_000, "The most tokens");
  if (temperature !== null) body.temperature = temperature;
  if (most !== null) body.max_tokens = Math.floor(most);
  if (settings.effort) body.reasoning_effort = settings.effort;
  return body;
}

function toMessages(system, turns) {
  const messages = system.trim() ? [{ role: "system", content: system }] : [];
  for (const { role, text, images = [] } of turns) {
    if (images.length === 0) messages.push({ role, content: text });
    else messages.push({ role, content: [...(text ? [{ type: "text", text }] : []), ...images.map((url) => ({ type: "image_url", image_url: { url } }))] });
  }
  return messages;
}

function readNumber(text, least, most, name) {
  if (String(text).trim() === "") return null;
  const number = Number(text);
  if (!(number >= least && number <= most)) throw new RangeError(`${name} has to be from ${least} to ${most}.`);
  return number;
}

/** What a stream's chunks amount to so far. `add(chunk)` gives what the chunk brought: `{ text, reasoning }`. */
export class Answer {
  text = "";
  reasoning = "";
  usage = null;
  model = null;
  finishReason = null;

  add(chunk) {
    this.model ??= chunk.model ?? null;
    if (chunk.usage) this.usage = chunk.usage;
    const choice = chunk.choices?.[0];
    const text = choice?.delta?.content ?? "";
    const reasoning = choice?.delta?.reasoning_content ?? "";
    this.text += text;
    this.reasoning += reasoning;
    if (choice?.finish_reason) this.finishReason = choice.finish_reason;
    return { text, reasoning };
  }
}
