// What the operator does to a session: the buttons above the messenger, and the menu of what is done more rarely.

import {byId, h, options} from "/page/asset/dom.js";
import {openMenu} from "/page/asset/menu.js";

const STATUS = {0: "new", 5: "skipped", 10: "taken", 20: "client wrote", 25: "client wrote again", 40: "answered",
  50: "closing", 60: "closed", 65: "spam", 69: "duplicate", 75: "closed silently"};

let now;

/// `operate(act, more)` does something as the chosen operator; `chosen` says who that is.
export function start(operate, chosen) {
  byId("take").onclick = () => operate("take");
  byId("finish").onclick = () => operate("finish");
  byId("transfer").onchange = event => {
    const [kind, name] = [event.target.value.slice(0, 1), event.target.value.slice(1)];
    event.target.value = "";
    if (kind) operate("transfer", kind === "u" ? {to: name} : {to_line: Number(name)});
  };
  byId("more").onclick = event => {
    if (!now) return;
    const me = now.employees.find(one => one.name === chosen.operator);
    const closed = !isOpen(now);
    openMenu(event.currentTarget, "More that an operator does", [
      {text: "Silent mode", note: "nothing leaves to the client", checked: now.silent, act: () => operate("silent", {on: !now.silent})},
      {text: "Pinned", note: "the session stays with its operator", checked: now.pinned, disabled: closed, act: () => operate("pin", {on: !now.pinned})},
      {text: "On a break", note: `no queue asks ${chosen.operator}`, checked: me?.paused ?? false, act: () => operate("pause", {on: !me?.paused})},
      null,
      {text: "Skip", note: "the queue asks the next one", disabled: closed, act: () => operate("skip")},
      {text: "Close silently", note: "without a word in the chat", disabled: closed, act: () => operate("close_silently")},
      {text: "Mark as a duplicate", disabled: closed, act: () => operate("duplicate")},
      {text: "Mark as spam", danger: true, disabled: closed, act: () => operate("spam")},
    ]);
  };
}

const isOpen = state => state.status !== null && state.status < 60;

export function draw(state, chosen) {
  now = state;
  const names = state.employees.map(one => one.name);
  const people = names.includes(chosen.operator) ? names : [...names, chosen.operator];
  options(byId("me"), people.map(name => [name, state.employees.find(one => one.name === name)?.paused ? `${name} · break` : name]), chosen.operator);
  options(byId("transfer"), [["", "Transfer…"], ...state.lines.map(one => [`q${one.id}`, `to the queue of ${one.name}`, !one.active]),
    ...names.map(name => [`u${name}`, `to ${name}`])], "");
  const open = isOpen(state), pill = byId("session");
  byId("dialog").textContent = state.chat ? `${chosen.client} · chat${state.chat}` : "Operator";
  pill.textContent = state.status === null ? "no session"
    : !open ? STATUS[state.status] ?? String(state.status)
    : state.leader ? `${state.leader_is_bot ? "bot" : "operator"} ${state.leader}`
    : state.asked ? `queue asks ${state.asked}` : "in the queue";
  pill.className = `pill ${!open ? "" : state.leader_is_bot ? "bot" : state.leader ? "human" : "waiting"}`;
  pill.title = state.status === null ? "" : `session ${state.session}, status ${state.status} (${STATUS[state.status] ?? "?"})${state.deal ? `, deal ${state.deal}` : ""}`;
  byId("modes").replaceChildren(...[[state.silent, "silent"], [state.pinned, "pinned"], [state.vote, state.vote === "like" ? "rated 👍" : "rated 👎"]].filter(([on]) => on)
    .map(([, name]) => h("span", {class: "pill waiting"}, name)));
  byId("take").disabled = !open || state.leader === chosen.operator;
  byId("finish").disabled = byId("transfer").disabled = !open;
}
