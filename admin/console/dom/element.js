/** Elements, made of values. Text becomes text nodes: nothing that comes from the API is ever read as markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * `h("button", { class: "primary", on: { click } }, "Save")`. `on`: listeners; `style`: CSS properties; `data`: dataset;
 * true and false set and leave out an attribute; `value`, `checked`, `selected` and `indeterminate` are set as
 * properties. Children are nodes, texts, numbers or arrays of them; null and false are passed over.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, style = {}, data = {}, ...rest } = attributes;
  for (const [name, value] of Object.entries(rest)) {
    if (value === null || value === undefined || value === false) continue;
    if (["checked", "selected", "indeterminate"].includes(name)) element[name] = value;
    else if (name !== "value") element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(data)) element.dataset[name] = value;
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  append(element, children);
  if (rest.value !== undefined && rest.value !== null) element.value = rest.value; // a select needs its options first
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Replace everything inside an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** An element of SVG. Attributes alone; children are elements. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

let counter = 0;

/** An id for `for`, `aria-labelledby` and the like, never given twice. */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}
