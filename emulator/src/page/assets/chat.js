// The two views of one dialog: the client's widget and the operator's messenger.

import {byId, h, options, reconcile} from "/page/asset/dom.js";
import {act} from "/page/asset/portal.js";
import {composer, follow, keepAtEnd} from "/page/asset/composer.js";
import {drawMessage} from "/page/asset/message.js";
import * as operator from "/page/asset/operator.js";
import {reveal} from "/page/asset/tabs.js";

/// What is being looked at; it lives in the address, so a reload changes nothing.
export const chosen = {line: undefined, connector: undefined, client: "Ann", operator: "Ivan"};

const subject = () => ({client: chosen.client, line: chosen.line, connector: chosen.connector});
const operate = (what, more = {}) => act("/page/operator", {...subject(), operator: chosen.operator, act: what, ...more});
const change = (who, message, what, text = "") => act("/page/message", {...subject(), ...who(), message, act: what, text});

/// What can be done in each view; the operator acts under a name.
function actor(who, say) {
  const box = () => boxes[who().operator ? "operator" : "client"];
  return {
    name: () => who().operator ?? chosen.client,
    press: (message, button, menu = false) => act("/page/press", {...subject(), ...who(), message, button, menu}),
    send: say,
    rate: like => act("/page/rate", {...subject(), like}),
    put: text => box().put(text),
    edit: (message, text) => box().edit(message, text),
    remove: message => change(who, message, "delete"),
    react: (message, code, on) => change(who, message, on ? "react" : "unreact", code),
  };
}

const asClient = () => ({}), asOperator = () => ({operator: chosen.operator});
const acts = {
  client: actor(asClient, text => act("/page/say", {...subject(), text})),
  operator: actor(asOperator, text => operate("say", {text})),
};
const boxes = {};

function upload(file, more) {
  const query = new URLSearchParams({name: file.name, ...more});
  for (const [name, value] of Object.entries(subject())) if (value !== undefined) query.set(name, value);
  return act(`/page/send-file?${query}`, file);
}

/// Wires both views; `moved` is called when another dialog is chosen.
export function start(tell) {
  for (const [name, who] of [["client", asClient], ["operator", asOperator]]) {
    keepAtEnd(byId(`${name}-log`));
    const file = byId(`${name}-file`);
    file.onchange = async () => { for (const one of file.files) await upload(one, who()); file.value = ""; };
    boxes[name] = composer(name, acts[name].send, (id, text) => change(who, id, "edit", text));
  }
  const moved = () => { Object.values(boxes).forEach(box => box.leave()); tell(); };
  byId("line").onchange = event => { chosen.line = Number(event.target.value); chosen.connector = undefined; moved(); };
  byId("connector").onchange = event => { chosen.connector = event.target.value; moved(); };
  byId("who").onchange = event => { chosen.client = event.target.value; moved(); };
  byId("me").onchange = event => { chosen.operator = event.target.value; moved(); };
  const naming = byId("naming"), opener = byId("new-client");
  const show = on => { naming.hidden = !on; opener.setAttribute("aria-expanded", String(on)); };
  opener.onclick = () => { show(naming.hidden); if (!naming.hidden) byId("new-name").focus(); };
  naming.onkeydown = event => { if (event.key === "Escape") { show(false); opener.focus(); } };
  naming.onsubmit = event => {
    event.preventDefault();
    const name = byId("new-name").value.trim();
    if (!name) return;
    chosen.client = name;
    byId("new-name").value = "";
    show(false);
    moved();
    byId("client-text").focus();
  };
  operator.start(operate, chosen);
}

export function draw(state) {
  chosen.line = state.line;
  chosen.connector = state.connector;
  const line = state.lines.find(one => one.id === state.line);
  pickers(state, line);
  operator.draw(state, chosen);
  const channel = state.channel ?? {};
  byId("channel").replaceChildren(...channelWords(channel, line));
  const own = message => message.side === "client";
  const client = state.seen.map(message => ({...message, may: {
    edit: own(message) && channel.edits, remove: own(message) && channel.deletions, react: message.reactable}}));
  const mine = message => message.side === "operator" && message.author === chosen.operator && !message.deleted;
  const all = state.messages.map(message => ({...message, as: chosen.operator, may: {
    edit: mine(message), remove: mine(message), react: message.reactable}}));
  log("client-log", client, own, acts.client, state.bots
    ? ["Say hello", `${chosen.client} has not written yet. The first message opens a session.`]
    : ["No bot yet", "Messages are kept, but no open-line bot is there to answer.", "Connect a bot"]);
  log("operator-log", all, message => message.side !== "client", acts.operator,
    ["Nothing here yet", "The dialog appears when the client writes."], state.older);
}

/// What the chosen channel shows of a message, in words.
function channelWords(channel, line) {
  if (!channel.title) return [];
  const parts = [[channel.markup, "formatting"], [channel.attachments, "attachments"], [channel.keyboards, "keyboards"], [channel.files, "files"]];
  const shown = parts.filter(([on]) => on).map(([, name]) => name), lost = parts.filter(([on]) => !on).map(([, name]) => name);
  const off = line && !line.active ? "The line is off. " : line?.channels.find(one => one.code === chosen.connector)?.on === false ? "This channel is off. " : "";
  return [off ? h("b", {}, off) : "", `Shows ${["text", ...shown].join(", ")}`, lost.length ? h("span", {class: "lacks"}, `; no ${lost.join(", no ")}`) : "",
    channel.edits ? "" : h("span", {class: "lacks"}, "; no edits"), channel.signs ? "; signs with the name" : "", "."];
}

function pickers(state, line) {
  options(byId("connector"), (line?.channels ?? []).map(one => [one.code, one.on ? one.title : `${one.title} · off`]), state.connector);
  options(byId("line"), state.lines.map(one => [one.id, one.active ? one.name : `${one.name} · off`]), state.line);
  const clients = (line?.clients ?? []).filter(one => one.connector === state.connector).map(one => [one.name, one.waiting ? `${one.name} · waiting` : one.name]);
  if (!clients.some(([name]) => name === chosen.client)) clients.push([chosen.client, `${chosen.client} · new`]);
  options(byId("who"), clients, chosen.client);
}

function log(id, messages, mine, acts, empty, older = 0) {
  const box = byId(id);
  const items = messages.length ? [...(older ? [{id: "older", older}] : []), ...messages] : [{id: "empty", empty}];
  const dialog = JSON.stringify(subject());
  const moved = box.dataset.dialog !== dialog;
  box.dataset.dialog = dialog;
  reconcile(box, items, item => item.id, item =>
    item.empty ? h("div", {class: "empty"}, h("b", {}, item.empty[0]), h("p", {}, item.empty[1]),
      item.empty[2] ? h("button", {type: "button", onclick: () => reveal("portal")}, item.empty[2]) : "")
    : item.older ? h("div", {class: "notice"}, `${item.older} older messages are not shown`)
    : drawMessage(item, mine, acts));
  if (moved) box.dataset.follows = "yes";
  follow(box);
}
