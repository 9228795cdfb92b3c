// The inspector's list: every callback, call and RT event, newest first.

import {byId, h} from "/page/asset/dom.js";
import {act, get} from "/page/asset/portal.js";
import {icon} from "/page/asset/icons.js";
import {showExchange} from "/page/asset/exchange.js";
import {reveal} from "/page/asset/tabs.js";

const KINDS = [["all", "All"], ["callback", "Callbacks"], ["call", "Calls"], ["rt", "RT"], ["bad", "Trouble"]];
const ARROWS = {callback: "→", call: "←", oauth: icon("key"), rt: icon("waves"), unheard: icon("cross")};
const SAYS = {callback: "callback to the bot", call: "call of the bot", oauth: "authorisation", rt: "RT event", unheard: "event that nobody heard"};

const rows = new Map();
const nodes = new Map();
let revision = 0, kind = "all", found, wanted = "", selected;

export function start() {
  const kinds = byId("kinds");
  kinds.append(...KINDS.map(([code, title]) => h("button", {type: "button", "aria-pressed": String(code === kind), "data-kind": code,
    onclick: () => show(code)}, title)));
  if (matchMedia("(hover: hover)").matches) byId("search").placeholder = "Search  /";
  let typing;
  byId("search").oninput = event => {
    clearTimeout(typing);
    typing = setTimeout(() => { wanted = event.target.value.trim(); search(); }, 150);
  };
  document.addEventListener("keydown", event => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest?.("input, textarea, select, .menu")) return;
    event.preventDefault();
    reveal("inspector");
    byId("search").focus();
  });
  byId("clear").onclick = async () => { if (await act("/page/exchanges", undefined, "DELETE")) forgetAll(); };
  const list = byId("exchanges");
  list.onkeydown = event => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const seen = [...list.children].filter(node => node.dataset.number && !node.hidden);
    const at = seen.findIndex(node => Number(node.dataset.number) === selected);
    const next = seen[at < 0 ? 0 : Math.min(seen.length - 1, Math.max(0, at + step))];
    if (next) { select(Number(next.dataset.number)); next.scrollIntoView({block: "nearest"}); }
  };
}

/// Shows one kind of exchange.
export function show(code) {
  kind = code;
  for (const button of byId("kinds").children) button.setAttribute("aria-pressed", String(button.dataset.kind === code));
  filter();
}

/// Asks for what is new. Called whenever the portal says that something changed.
export async function refresh(trouble) {
  const news = await get(`/page/exchanges?after=${revision}`);
  // Another emulator answers at this address.
  if (news.revision < revision) { forgetAll(); return refresh(trouble); }
  revision = news.revision;
  for (const row of news.rows) rows.set(row.number, row);
  for (const number of rows.keys()) if (number < news.oldest) forget(number);
  const list = byId("exchanges");
  const fresh = document.createDocumentFragment();
  for (const row of news.rows) {
    if (!rows.has(row.number)) continue;
    const node = draw(row), before = nodes.get(row.number);
    if (before) before.replaceWith(node); else fresh.prepend(node);
    nodes.set(row.number, node);
  }
  if (fresh.childNodes.length) list.prepend(fresh);
  if (news.rows.length || wanted) await search(); else filter();
  if (news.rows.some(row => row.number === selected)) select(selected);
  trouble(news.trouble, [...rows.values()].filter(row => row.taken !== undefined));
}

function forget(number) {
  rows.delete(number);
  nodes.get(number)?.remove();
  nodes.delete(number);
}

/// Begins again with what the portal still keeps.
function forgetAll() {
  rows.clear();
  nodes.clear();
  revision = 0;
  byId("exchanges").replaceChildren();
  filter();
}

async function search() {
  found = wanted ? new Set((await get(`/page/search?q=${encodeURIComponent(wanted)}`)).numbers) : undefined;
  filter();
}

function isShown(row) {
  if (found && !found.has(row.number)) return false;
  switch (kind) {
    case "all": return true;
    case "bad": return row.bad || row.dropped;
    case "call": return row.kind === "call" || row.kind === "oauth";
    case "callback": return row.kind === "callback" || row.kind === "unheard";
    default: return row.kind === kind;
  }
}

function filter() {
  let shown = 0;
  for (const [number, row] of rows) {
    const on = isShown(row);
    nodes.get(number).hidden = !on;
    shown += on ? 1 : 0;
  }
  const list = byId("exchanges");
  list.querySelector(".empty")?.remove();
  if (!shown) {
    list.append(h("div", {class: "empty"}, h("b", {}, rows.size ? "Nothing matches" : "Nothing on the wire yet"),
      h("p", {}, rows.size ? "Choose another kind, or search for something else."
        : "Callbacks, REST calls and RT events appear here as they happen. The last 2,000 are kept."),
      rows.size ? "" : h("button", {type: "button", onclick: () => reveal("portal")}, "Connect a bot")));
  }
}

function draw(row) {
  const status = row.pending ? "…" : row.dropped ? icon("barred") : row.broken ? icon("cross") : String(row.status ?? "");
  return h("div", {
    role: "option",
    class: `row ${row.kind} ${row.bad ? "bad" : ""} ${row.unmodelled ? "loud" : ""} ${row.pending ? "pending" : ""} ${row.dropped ? "dropped" : ""}`,
    "data-number": row.number,
    "aria-selected": String(row.number === selected),
    onclick: () => select(row.number),
  },
    h("time", {}, new Date(row.at).toLocaleTimeString([], {hour12: false})),
    h("span", {class: "arrow", title: SAYS[row.kind]}, ARROWS[row.kind]?.cloneNode?.(true) ?? ARROWS[row.kind] ?? ""),
    h("span", {class: "name", title: row.name}, row.name, row.note && !row.broken ? h("small", {title: row.note}, row.note) : "",
      row.broken ? h("span", {class: "why", title: row.broken}, row.broken) : "",
      row.why ? h("span", {class: "why", title: row.why}, row.why) : "", row.by ? h("span", {class: "by", title: row.by}, row.by) : ""),
    level(row.level),
    h("span", {class: "ms"}, row.ms === undefined ? "" : duration(row.ms)),
    h("span", {class: "status", "aria-label": row.dropped ? "dropped" : row.broken ? "no answer" : undefined}, status));
}

const duration = ms => ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

function level(level) {
  if (!level) return h("span");
  const part = Math.min(1, level.filled / level.size);
  return h("span", {class: `level ${part > 0.8 ? "full" : ""}`, title: `rate limit: ${level.filled.toFixed(1)} of ${level.size}`},
    h("i", {style: {width: `${Math.round(part * 100)}%`}}));
}

async function select(number) {
  selected = number;
  for (const [known, node] of nodes) node.setAttribute("aria-selected", String(known === number));
  await showExchange(number, () => {
    selected = undefined;
    for (const node of nodes.values()) node.setAttribute("aria-selected", "false");
    byId("exchanges").focus();
  });
}
