/** Icons: strokes on a grid of 24, decoration beside words that say the same. */

import { svg } from "./element.js";

const PATHS = {
  overview: ["M4 20V10", "M10 20V4", "M16 20v-7", "M22 20H2"],
  tenants: ["M3 21V7l7-4 7 4v14", "M17 21h4V11l-4-2", "M8 21v-4h4v4", "M7 9h1M12 9h1M7 13h1M12 13h1"],
  keys: ["M15 7a4 4 0 1 1-3.9 5L4 19v2h4v-2h2v-2h2l1.3-1.3", "M16 9h.01"],
  usage: ["M3 17l6-6 4 4 8-9", "M15 6h6v6"],
  audit: ["M6 3h9l4 4v14H6z", "M14 3v5h5", "M9 13h7M9 17h5"],
  models: ["M12 3l8 4.5v9L12 21l-8-4.5v-9z", "M12 12l8-4.5M12 12v9M12 12L4 7.5"],
  playground: ["M4 5h16v11H9l-5 4z", "M8 9h8M8 12h5"],
  sun: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5"],
  moon: ["M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z"],
  system: ["M3 4h18v12H3z", "M8 20h8M12 16v4"],
  signOut: ["M14 4h5v16h-5", "M10 8l-4 4 4 4M6 12h9"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  check: ["M4 12l5 5L20 6"],
  close: ["M6 6l12 12M18 6L6 18"],
  plus: ["M12 5v14M5 12h14"],
  search: ["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M16 16l5 5"],
  image: ["M4 5h16v14H4z", "M4 16l5-5 4 4 2-2 5 5", "M15 9h.01"],
  stop: ["M7 7h10v10H7z"],
  send: ["M4 12l16-8-5 16-3-7z"],
  warning: ["M12 4l9 16H3z", "M12 10v4M12 17h.01"],
  download: ["M12 4v11M7 11l5 5 5-5M4 20h16"],
};

export function icon(name) {
  const strokes = PATHS[name].map((d) => svg("path", { d }));
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, ...strokes);
}
