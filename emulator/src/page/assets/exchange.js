// One exchange in full: decoded, raw, answer; as curl, and once more.

import {byId, copy, h} from "/page/asset/dom.js";
import {act, get, toast} from "/page/asset/portal.js";
import {drawParts} from "/page/asset/batch.js";
import {tree} from "/page/asset/tree.js";

const VIEWS = [["calls", "Calls"], ["decoded", "Decoded"], ["raw", "Raw"], ["answer", "Answer"], ["answer_raw", "Raw answer"]];
let view = "decoded", shown;

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
  const has = key => key === "decoded" ? true : key === "calls" ? one.parts !== undefined : key === "raw" ? one.raw !== undefined : one.answer_raw !== undefined;
  const views = VIEWS.filter(([key]) => has(key));
  // A batch opens with its calls; the reader's choice holds for the rest.
  if (number !== shown && has("calls")) view = "calls";
  if (!views.some(([key]) => key === view)) view = "decoded";
  shown = number;
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
      h("div", {class: "line"}, h("h3", {}, one.name), h("span", {class: `pill ${one.bad || one.dropped ? "waiting" : one.pending ? "" : "human"}`}, outcome(one)),
        h("span", {class: "gap"}),
        one.curl ? h("button", {type: "button", id: "as-curl", class: "quiet", title: "Copy as a curl command", onclick: () => copy(one.curl).then(() => toast("Copied as a curl command."))}, "Copy as curl") : "",
        one.curl ? h("button", {type: "button", id: "again", class: "quiet", onclick: () => again(one)},
          one.kind === "callback" ? "Deliver again" : "Call again") : "",
        h("button", {type: "button", class: "quiet close", "aria-label": "Close", onclick: close}, "×")),
      one.why ? h("p", {class: "why"}, one.why) : "",
      one.by ? h("p", {class: "by"}, `Called by ${one.by}`) : "",
      one.url ? h("div", {class: "address"}, h("b", {}, one.verb), " ", one.url) : "",
      tabs),
    body);
  box.hidden = false;
}

function outcome(one) {
  if (one.pending) return "under way";
  if (one.dropped) return "dropped by a fault";
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

/// The portal's own measure begins at a whole second, as on a real portal.
function timeNote(one) {
  if (one.answer?.time?.duration === undefined || one.ms === undefined) return "";
  return h("p", {class: "faint"}, `It took ${one.ms.toFixed(1)} ms. “time.duration” says more: “time.start” is a whole second, and the portal counts from there.`);
}

function content(one, view) {
  switch (view) {
    case "calls": return drawParts(one.parts, one.answer !== undefined && one.answer !== null);
    case "raw": return h("pre", {}, one.raw || "(empty body)");
    case "answer_raw": return h("pre", {}, one.answer_raw || "(empty body)");
    case "answer": return one.answer === null || one.answer === undefined
      ? h("pre", {}, one.answer_raw || "(empty body)") : h("div", {class: "tree"}, timeNote(one), tree(one.answer));
    default: return h("div", {class: "tree"}, one.broken ? h("p", {class: "warn"}, one.broken) : "",
      one.level ? h("p", {class: "faint"}, `Rate limit after it: ${one.level.filled.toFixed(1)} of ${one.level.size}`) : "",
      tree(one.decoded ?? {}));
  }
}
