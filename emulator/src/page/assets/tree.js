// JSON as a tree that folds; the blocks of tokens are folded at first.

import {h} from "/page/asset/dom.js";

export function tree(value, depth = 0) {
  if (value === null || typeof value !== "object") return scalar(value);
  const entries = Object.entries(value);
  if (!entries.length) return h("span", {class: "faint"}, Array.isArray(value) ? "[]" : "{}");
  return h("ul", {}, ...entries.map(([key, inner]) => {
    const deep = inner !== null && typeof inner === "object" && Object.keys(inner).length;
    if (!deep) return h("li", {}, h("span", {class: "member"}, key), tree(inner, depth + 1));
    const fold = h("details", {open: depth < 6 && key.toLowerCase() !== "auth" && Object.keys(inner).length < 200},
      h("summary", {}, h("span", {class: "member"}, key), h("small", {}, String(Object.keys(inner).length))));
    // Drawn when first opened: a body can be big.
    const fill = () => { if (fold.open && fold.children.length === 1) fold.append(tree(inner, depth + 1)); };
    fold.addEventListener("toggle", fill);
    fill();
    return h("li", {}, fold);
  }));
}

function scalar(value) {
  if (typeof value === "string") return h("span", {class: "string"}, value === "" ? "(empty)" : value);
  return h("span", {class: "number"}, String(value));
}
