// The two views of one dialog: the client's widget and the operator's messenger.

import {byId, h, options, reconcile} from "/page/asset/dom.js";
import {act} from "/page/asset/portal.js";
import {drawMessage} from "/page/asset/message.js";

const STATUS = {0: "new", 5: "skipped", 10: "taken", 20: "client wrote", 25: "client wrote again", 40: "answered",
  50: "closing", 60: "closed", 65: "spam", 69: "duplicate", 75: "closed silently"};

/// What is being looked at; it lives in the address, so a reload changes nothing.
export const chosen = {line: undefined, client: "Ann", operator: "Ivan"};

const subject = () => ({client: chosen.client, line: chosen.line});

/// Wires both views; `moved` is called when another dialog is chosen.
export function start(moved) {
  keepAtEnd(byId("client-log"));
  keepAtEnd(byId("operator-log"));
  composer("client-form", "client-text", text => act("/page/say", {...subject(), text}));
  composer("operator-form", "operator-text",
    text => act("/page/operator", {...subject(), operator: chosen.operator, act: "say", text}));
  byId("line").onchange = event => { chosen.line = Number(event.target.value); moved(); };
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
  const operate = (what, more = {}) => act("/page/operator", {...subject(), operator: chosen.operator, act: what, ...more});
  byId("take").onclick = () => operate("take");
  byId("finish").onclick = () => operate("finish");
  byId("transfer").onchange = event => {
    const [kind, name] = [event.target.value.slice(0, 1), event.target.value.slice(1)];
    event.target.value = "";
    if (kind) operate("transfer", kind === "u" ? {to: name} : {});
  };
}

/// Enter sends, Shift+Enter makes a line; the box grows with the text.
function composer(form, box, send) {
  const text = byId(box);
  const fit = () => {
    text.style.setProperty("height", "auto");
    text.style.setProperty("height", `${Math.min(text.scrollHeight + 2, 160)}px`);
  };
  text.addEventListener("input", fit);
  text.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); byId(form).requestSubmit(); }
  });
  byId(form).addEventListener("submit", async event => {
    event.preventDefault();
    const said = text.value;
    if (!said.trim()) return;
    text.value = "";
    fit();
    // What was not taken is not lost.
    if (!await send(said) && !text.value) { text.value = said; fit(); }
  });
}

/// A log that was read to its end stays there: when messages come, pictures load, or the window changes.
function keepAtEnd(box) {
  box.addEventListener("scroll", () => {
    box.dataset.follows = box.scrollHeight - box.scrollTop - box.clientHeight < 60 ? "yes" : "no";
  });
  box.addEventListener("load", () => follow(box), true);
  new ResizeObserver(() => follow(box)).observe(box);
}

function follow(box) {
  if (box.dataset.follows !== "no") box.scrollTop = box.scrollHeight;
}

function put(box, text) {
  const field = byId(box);
  field.value = text;
  field.dispatchEvent(new Event("input"));
  field.focus();
}

const clientActs = {
  press: (message, button) => act("/page/press", {...subject(), message, button}),
  send: text => act("/page/say", {...subject(), text}),
  put: text => put("client-text", text),
};

const operatorActs = {
  press: (message, button) => act("/page/press", {...subject(), message, button, operator: chosen.operator}),
  send: text => act("/page/operator", {...subject(), operator: chosen.operator, act: "say", text}),
  put: text => put("operator-text", text),
};

export function draw(state) {
  chosen.line = state.line;
  const line = state.lines.find(one => one.id === state.line);
  pickers(state, line);
  session(state);
  log("client-log", state.messages.filter(message => message.client_sees), message => message.side === "client", clientActs,
    state.bots ? ["Say hello", `${chosen.client} has not written yet. The first message opens a session.`]
      : ["No bot yet", "No open-line bot is registered. Messages are kept, but nobody answers."]);
  log("operator-log", state.messages, message => message.side !== "client", operatorActs,
    ["Nothing here yet", "The dialog appears when the client writes."], state.older);
}

function pickers(state, line) {
  byId("connector").textContent = line ? `${line.connector_title || line.connector}${line.active ? "" : " · line is off"}` : "";
  options(byId("line"), state.lines.map(one => [one.id, one.name]), state.line);
  const clients = (line?.clients ?? []).map(one => [one.name, one.waiting ? `${one.name} · waiting` : one.name]);
  if (!clients.some(([name]) => name === chosen.client)) clients.push([chosen.client, `${chosen.client} · new`]);
  options(byId("who"), clients, chosen.client);
  const people = state.employees.includes(chosen.operator) ? state.employees : [...state.employees, chosen.operator];
  options(byId("me"), people.map(name => [name, name]), chosen.operator);
  options(byId("transfer"), [["", "Transfer…"], ["q", "to the queue"],
    ...state.employees.map(name => [`u${name}`, `to ${name}`])], "");
}

function session(state) {
  const open = state.status !== null && state.status < 60;
  const pill = byId("session");
  byId("dialog").textContent = state.chat ? `${chosen.client} · chat${state.chat}` : "Operator";
  pill.textContent = state.status === null ? "no session"
    : !open ? STATUS[state.status] ?? String(state.status)
    : state.leader ? `${state.leader_is_bot ? "bot" : "operator"} ${state.leader}` : "in the queue";
  pill.className = `pill ${!open ? "" : state.leader_is_bot ? "bot" : state.leader ? "human" : "waiting"}`;
  pill.title = state.status === null ? "" : `session ${state.session}, status ${state.status} (${STATUS[state.status] ?? "?"})${state.deal ? `, deal ${state.deal}` : ""}`;
  byId("take").disabled = !open || state.leader === chosen.operator;
  byId("finish").disabled = byId("transfer").disabled = !open;
}

function log(id, messages, mine, acts, empty, older = 0) {
  const box = byId(id);
  const items = messages.length ? [...(older ? [{id: "older", older}] : []), ...messages] : [{id: "empty", empty}];
  const moved = box.dataset.dialog !== `${chosen.line} ${chosen.client}`;
  box.dataset.dialog = `${chosen.line} ${chosen.client}`;
  reconcile(box, items, item => item.id, item =>
    item.empty ? h("div", {class: "empty"}, h("b", {}, item.empty[0]), h("p", {}, item.empty[1]))
    : item.older ? h("div", {class: "notice"}, `${item.older} older messages are not shown`)
    : drawMessage(item, mine, acts));
  if (moved) box.dataset.follows = "yes";
  follow(box);
}
