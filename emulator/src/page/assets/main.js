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

let troubles = [{}, []], dismissed = 0, bots = [];

/// What one must not overlook: methods that are not modelled, events that nobody took, what a fault has dropped, and
/// bots that are refused because another one has their code.
function drawTrouble() {
  const [trouble, refusals] = troubles;
  const codes = new Set(refusals.filter(row => row.number > dismissed).map(row => row.taken));
  // A code that nobody holds any more is no trouble.
  const holders = bots.filter(bot => codes.has(bot.code));
  const box = byId("trouble"), look = JSON.stringify([trouble, holders.map(bot => [bot.id, bot.name, bot.code])]);
  if (box.look === look) return;
  box.look = look;
  const names = counts => Object.entries(counts ?? {}).map(([name, times]) => times > 1 ? `${name} ×${times}` : name);
  const line = (title, counts) => names(counts).length
    ? h("div", {}, h("b", {}, title), " ", ...names(counts).flatMap((name, at) => [at ? ", " : "", h("code", {}, name)])) : "";
  const {unmodelled, undelivered, dropped} = trouble;
  const counted = [unmodelled, undelivered, dropped].some(counts => names(counts).length);
  box.hidden = !counted && !holders.length;
  box.classList.toggle("mild", !names(unmodelled).length && !names(undelivered).length && !holders.length);
  box.replaceChildren(
    h("div", {class: "words"}, ...holders.map(bot => h("div", {}, h("b", {}, "BOT_CODE_ALREADY_TAKEN:"), " the code ", h("code", {}, bot.code),
      ` is held by the bot ${bot.name} (${bot.id}), registered by ${bot.by}. Remove it under Portal, then start yours again.`)),
    line("This portal does not model:", unmodelled), line("Undelivered:", undelivered), line("Dropped by a fault:", dropped)),
    holders.length ? h("button", {type: "button", id: "to-bots", onclick: () => { tabs.reveal("portal"); byId("portal-bots").scrollIntoView(); }}, "Portal") : "",
    counted ? h("button", {type: "button", onclick: () => { tabs.reveal("inspector"); inspector.show("bad"); }}, "Show") : "",
    h("button", {type: "button", onclick: dismiss}, "Dismiss"));
}

function dismiss() {
  dismissed = Math.max(dismissed, ...troubles[1].map(row => row.number));
  act("/page/trouble", undefined, "DELETE");
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
  const [state] = await Promise.all([get(`/page/state?${wanted}`), inspector.refresh((...news) => { troubles = news; })]);
  bots = state.bot_list;
  drawTrouble();
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
