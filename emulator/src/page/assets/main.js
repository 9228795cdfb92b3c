// The page: what is chosen, what is asked, what is loud.

import {byId, h} from "/page/asset/dom.js";
import {act, get, watch} from "/page/asset/portal.js";
import * as chat from "/page/asset/chat.js";
import * as inspector from "/page/asset/inspector.js";
import * as tabs from "/page/asset/tabs.js";
import {activeFaults, drawFaults} from "/page/asset/switches.js";
import {drawLimits} from "/page/asset/limits.js";
import {drawLine} from "/page/asset/line.js";
import {drawPortal} from "/page/asset/setup.js";

function remember() {
  const {line, connector, client, operator} = chat.chosen;
  const address = new URLSearchParams({client, operator, ...tabs.opened()});
  if (line !== undefined) address.set("line", line);
  if (connector !== undefined) address.set("connector", connector);
  history.replaceState(null, "", `#${address}`);
}

function recall() {
  const address = new URLSearchParams(location.hash.slice(1));
  chat.chosen.client = address.get("client") || "Ann";
  chat.chosen.operator = address.get("operator") || "Ivan";
  chat.chosen.connector = address.get("connector") || undefined;
  const line = Number(address.get("line"));
  if (line > 0) chat.chosen.line = line;
  tabs.openTab(address.get("tab"));
  tabs.openPane(address.get("pane"));
}

/// What one must not overlook: methods that are not modelled, events that nobody took, and what a fault has dropped.
function drawTrouble(trouble) {
  const box = byId("trouble"), look = JSON.stringify(trouble);
  if (box.look === look) return;
  box.look = look;
  const names = counts => Object.entries(counts).map(([name, times]) => times > 1 ? `${name} ×${times}` : name);
  const line = (title, counts) => names(counts).length
    ? h("div", {}, h("b", {}, title), " ", ...names(counts).flatMap((name, at) => [at ? ", " : "", h("code", {}, name)])) : "";
  const {unmodelled, undelivered, dropped} = trouble;
  box.hidden = ![unmodelled, undelivered, dropped].some(counts => names(counts).length);
  box.classList.toggle("mild", !names(unmodelled).length && !names(undelivered).length);
  box.replaceChildren(
    h("div", {class: "words"}, line("This portal does not model:", unmodelled), line("Undelivered:", undelivered),
      line("Dropped by a fault:", dropped)),
    h("button", {type: "button", onclick: () => { tabs.reveal("inspector"); inspector.show("bad"); }}, "Show"),
    h("button", {type: "button", onclick: () => act("/page/trouble", undefined, "DELETE")}, "Dismiss"));
}

function drawActiveFaults(faults) {
  const words = activeFaults(faults), box = byId("active-faults"), look = words.join("|");
  if (box.look === look) return;
  box.look = look;
  box.replaceChildren(...(words.length ? [h("button", {type: "button", class: "faulty", title: words.join("\n"),
    onclick: () => tabs.reveal("faults")}, words.length === 1 ? words[0] : `${words[0]} and ${words.length - 1} more`)] : []));
}

async function ask() {
  const {client, line, connector} = chat.chosen;
  const wanted = new URLSearchParams({client});
  if (line !== undefined) wanted.set("line", line);
  if (connector !== undefined) wanted.set("connector", connector);
  const [state] = await Promise.all([get(`/page/state?${wanted}`), inspector.refresh(drawTrouble)]);
  // The answer to an older question is not drawn over a newer choice.
  if (client !== chat.chosen.client || (line !== undefined && line !== chat.chosen.line)
    || (connector !== undefined && connector !== chat.chosen.connector)) return;
  chat.draw(state);
  drawFaults(state);
  drawLimits(state);
  drawLine(state);
  drawPortal(state);
  drawActiveFaults(state.faults);
  const {address} = state.setup;
  byId("address").textContent = address === location.host ? address : `${location.host}, portal at ${address}`;
}

byId("address").textContent = location.host;
tabs.start(remember);
recall();
inspector.start();
let refresh;
chat.start(() => { remember(); refresh?.(); });
refresh = watch(ask);
