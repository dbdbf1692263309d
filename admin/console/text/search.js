/** Search as one types. */

/** Whether every word of the query is in one of the texts, in any order and case. An empty query is in everything. */
export function matches(query, texts) {
  const haystack = texts.filter((text) => text !== null && text !== undefined).join("\n").toLowerCase();
  return query.toLowerCase().split(/\s+/).filter(Boolean).every((word) => haystack.includes(word));
}

/** The text with its middle left out, so that both of its ends can be read. */
export function middleCut(text, most) {
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return `${characters.slice(0, most - 1 - tail).join("")}…${characters.slice(characters.length - tail).join("")}`;
}
