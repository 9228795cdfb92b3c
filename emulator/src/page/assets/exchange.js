// One exchange in full: decoded, raw, answer; as curl, and once more.

import {byId, copy, h} from "/page/asset/dom.js";
import {act, get, toast} from "/page/asset/portal.js";

const VIEWS = [["decoded", "Decoded"], ["raw", "Raw"], ["answer", "Answer"], ["answer_raw", "Raw answer"]];
let view = "decoded";

export async function showExchange(number, closed) {
  const box = byId("exchange");
  let one;
  try {
    one = await get(`/page/exchange/${number}`);
  } catch (error) {
    toast(error.message, true);
    box.hidden = true;
    return;
  }
  const close = () => { box.hidden = true; closed(); };
  box.onkeydown = event => { if (event.key === "Escape") close(); };
  const has = key => key === "decoded" ? true : key === "raw" ? one.raw !== undefined : one.answer_raw !== undefined;
  const views = VIEWS.filter(([key]) => has(key));
  if (!views.some(([key]) => key === view)) view = "decoded";
  const body = h("div", {class: "body", tabIndex: 0});
  const tabs = h("div", {class: "views", role: "group", "aria-label": "Which part"});
  const draw = () => {
    tabs.replaceChildren(...views.map(([key, title]) => h("button", {type: "button", "aria-pressed": String(key === view),
      "data-view": key, onclick: () => { view = key; draw(); }}, title)));
    body.replaceChildren(content(one, view));
  };
  draw();
  box.replaceChildren(
    h("header", {},
      h("div", {class: "line"}, h("h3", {}, one.name), h("span", {class: `pill ${one.bad ? "waiting" : one.pending ? "" : "human"}`}, outcome(one)),
        h("button", {type: "button", class: "quiet close", "aria-label": "Close", onclick: close}, "×")),
      one.url ? h("div", {class: "address"}, h("b", {}, one.verb), " ", one.url) : "",
      h("div", {class: "line"}, tabs, h("span", {class: "gap"}),
        one.curl ? h("button", {type: "button", id: "as-curl", class: "quiet", onclick: () => copy(one.curl).then(() => toast("Copied as a curl command."))}, "Copy as curl") : "",
        one.curl ? h("button", {type: "button", id: "again", class: "quiet", onclick: () => again(one)},
          one.kind === "callback" ? "Deliver again" : "Call again") : "")),
    body);
  box.hidden = false;
}

function outcome(one) {
  if (one.pending) return "under way";
  if (one.broken) return "no answer";
  return one.status ? String(one.status) : one.kind === "rt" ? "sent" : "unheard";
}

async function again(one) {
  if (one.kind === "callback") {
    if (await act(`/page/replay/${one.number}`)) toast("Delivered again.");
    return;
  }
  const headers = {};
  if (one.content_type) headers["Content-Type"] = one.content_type;
  if (one.authorization) headers.Authorization = one.authorization;
  try {
    const answer = await fetch(one.target, {method: one.verb, headers, redirect: "manual",
      body: one.verb === "GET" || one.verb === "HEAD" ? undefined : one.raw});
    toast(`Called again: ${answer.status || "redirected"}.`, answer.status >= 400);
  } catch {
    toast("Called again: no answer.", true);
  }
}

function content(one, view) {
  const notes = [];
  if (one.broken && view !== "decoded") notes.push(one.broken);
  switch (view) {
    case "raw": return h("pre", {}, one.raw || "(empty body)");
    case "answer_raw": return h("pre", {}, one.answer_raw || "(empty body)");
    case "answer": return one.answer === null || one.answer === undefined
      ? h("pre", {}, one.answer_raw || "(empty body)") : h("div", {class: "tree"}, tree(one.answer));
    default: return h("div", {class: "tree"}, one.broken ? h("p", {class: "warn"}, one.broken) : "",
      one.level ? h("p", {class: "faint"}, `Rate limit after it: ${one.level.filled.toFixed(1)} of ${one.level.size}`) : "",
      tree(one.decoded ?? {}));
  }
}

/// JSON as a tree that folds; the blocks of tokens are folded at first.
function tree(value, depth = 0) {
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
