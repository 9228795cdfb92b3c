// The page: what is chosen, what is asked, what is loud.

import {byId, h} from "/page/asset/dom.js";
import {act, get, watch} from "/page/asset/portal.js";
import * as chat from "/page/asset/chat.js";
import * as inspector from "/page/asset/inspector.js";
import {activeFaults, drawFaults} from "/page/asset/switches.js";
import {drawPortal} from "/page/asset/access.js";

const TABS = ["inspector", "faults", "portal"];

function remember() {
  const {line, client, operator} = chat.chosen;
  const tab = TABS.find(name => !byId(name).hidden), pane = document.body.dataset.pane;
  const address = new URLSearchParams({client, operator, tab, pane});
  if (line !== undefined) address.set("line", line);
  history.replaceState(null, "", `#${address}`);
}

function recall() {
  const address = new URLSearchParams(location.hash.slice(1));
  chat.chosen.client = address.get("client") || "Ann";
  chat.chosen.operator = address.get("operator") || "Ivan";
  const line = Number(address.get("line"));
  if (line > 0) chat.chosen.line = line;
  if (TABS.includes(address.get("tab"))) openTab(address.get("tab"));
  openPane(address.get("pane"));
}

function openTab(name) {
  for (const tab of TABS) {
    byId(tab).hidden = tab !== name;
    const button = byId(`tab-${tab}`);
    button.setAttribute("aria-selected", String(tab === name));
    button.tabIndex = tab === name ? 0 : -1;
  }
}

function openPane(name) {
  if (!["client", "operator", "side"].includes(name)) return;
  document.body.dataset.pane = name;
  for (const button of byId("panes").children) {
    if (button.dataset.pane === name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

for (const [at, tab] of TABS.entries()) {
  const button = byId(`tab-${tab}`);
  button.onclick = () => { openTab(tab); remember(); };
  button.onkeydown = event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const next = TABS[(at + step + TABS.length) % TABS.length];
    openTab(next);
    byId(`tab-${next}`).focus();
    remember();
  };
}
for (const button of byId("panes").children) button.onclick = () => { openPane(button.dataset.pane); remember(); };

function drawTrouble(trouble) {
  const box = byId("trouble");
  const names = counts => Object.entries(counts).map(([name, times]) => times > 1 ? `${name} ×${times}` : name);
  const [unmodelled, undelivered] = [names(trouble.unmodelled), names(trouble.undelivered)];
  const look = JSON.stringify(trouble);
  if (box.look === look) return;
  box.look = look;
  box.hidden = !unmodelled.length && !undelivered.length;
  const line = (title, all) => all.length ? h("div", {}, h("b", {}, title), " ", ...all.flatMap((name, at) => [at ? ", " : "", h("code", {}, name)])) : "";
  box.replaceChildren(
    h("div", {class: "words"}, line("This portal does not model:", unmodelled), line("Undelivered:", undelivered)),
    h("button", {type: "button", onclick: () => { openPane("side"); openTab("inspector"); inspector.show("bad"); }}, "Show"),
    h("button", {type: "button", onclick: () => act("/page/trouble", undefined, "DELETE")}, "Dismiss"));
}

function drawActiveFaults(faults) {
  const words = activeFaults(faults), box = byId("active-faults"), look = words.join("|");
  if (box.look === look) return;
  box.look = look;
  box.replaceChildren(...(words.length ? [h("button", {type: "button", class: "faulty", title: words.join("\n"),
    onclick: () => { openPane("side"); openTab("faults"); remember(); }},
    words.length === 1 ? words[0] : `${words[0]} and ${words.length - 1} more`)] : []));
}

async function ask() {
  const {client, line} = chat.chosen;
  const wanted = new URLSearchParams({client});
  if (line !== undefined) wanted.set("line", line);
  const [state] = await Promise.all([get(`/page/state?${wanted}`), inspector.refresh(drawTrouble)]);
  // The answer to an older question is not drawn over a newer choice.
  if (client !== chat.chosen.client || (line !== undefined && line !== chat.chosen.line)) return;
  chat.draw(state);
  drawFaults(state);
  drawPortal(state);
  drawActiveFaults(state.faults);
  const {address} = state.access;
  byId("address").textContent = address === location.host ? address : `${location.host}, portal at ${address}`;
}

byId("address").textContent = location.host;
recall();
inspector.start();
let refresh;
chat.start(() => { remember(); refresh?.(); });
refresh = watch(ask);
