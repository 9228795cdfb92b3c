// A batch broken open: every call with what it asked and what became of it.

import {icon} from "/page/asset/icons.js";
import {h} from "/page/asset/dom.js";
import {tree} from "/page/asset/tree.js";

export function drawParts(parts, answered) {
  if (!parts.length) return h("p", {class: "faint"}, "This batch has no calls.");
  return h("div", {class: "parts"}, ...parts.map(part => {
    const failed = part.error !== undefined, done = part.result !== undefined;
    const state = failed ? "bad" : done ? "good" : "none";
    const fold = h("details", {class: `part ${state}`, open: failed || parts.length <= 3},
      h("summary", {},
        h("span", {class: "mark", "aria-hidden": "true"}, failed ? icon("cross") : done ? icon("tick") : "–"),
        h("b", {}, part.method), h("small", {}, part.key),
        h("span", {class: "end"}, failed ? part.error.error || "error" : done ? "" : answered ? "not run" : "no answer")));
    // Drawn when first opened: a batch can have fifty.
    const fill = () => {
      if (!fold.open || fold.children.length > 1) return;
      fold.append(h("div", {class: "halves"}, half("Parameters", part.params),
        failed ? half("Error", part.error) : done ? half("Result", part.result) : ""));
    };
    fold.addEventListener("toggle", fill);
    fill();
    return fold;
  }));
}

const half = (title, value) => h("div", {class: "tree"}, h("h4", {}, title), tree(value ?? {}));
