// Faults: what one turns on, what is on.

import {byId, h} from "/page/asset/dom.js";
import {act, toast} from "/page/asset/portal.js";

const turn = body => act("/page/fault", body);
const set = faults => turn({switch: "set", faults});

/// Faults of calls: code, title, and how long if it has a length.
const CALLS = [
  ["query_limit_exceeded", "503 QUERY_LIMIT_EXCEEDED"],
  ["operating_limit", "429 OPERATION_TIME_LIMIT"],
  ["html_body", "502 with an HTML page"],
  ["error_in_success", "200 with an error in it"],
  ["close_before_execution", "connection reset, method not run"],
  ["close_after_execution", "connection reset, method run"],
  ["silence_before_execution", "no answer ever, method not run"],
  ["silence_after_execution", "no answer ever, method run"],
  ["slow_answer", "slow answer", 10000],
];
const CALLBACKS = [
  ["drop", "dropped"],
  ["duplicate", "sent twice"],
  ["overtaken", "overtaken by the next"],
  ["delay", "delayed", 5000],
];
const SWITCHES = [
  ["drop", "drop_deliveries", "Drop", "No callback is sent; each is shown as dropped."],
  ["duplicate", "duplicate_deliveries", "Duplicate", "Every callback is sent twice, byte for byte."],
  ["hold", "hold_deliveries", "Hold", "Callbacks wait until this is off, then go in their order."],
];

const titleOf = (offers, row) => {
  const title = offers.find(([code]) => code === row.fault)?.[1] ?? row.fault;
  return row.millis === undefined ? title : `${title} ${row.millis / 1000} s`;
};
const nameOf = (name, any) => name === "*" ? any : name;
const times = row => row.times === 4294967295 ? "always" : `×${row.times}`;

/// The faults that are on, in words.
export function activeFaults({state}) {
  const words = [];
  if (state.drop_deliveries) words.push("callbacks dropped");
  if (state.duplicate_deliveries) words.push("callbacks doubled");
  if (state.hold_deliveries) words.push("callbacks held");
  if (state.reorder_deliveries > 1) words.push(`next ${state.reorder_deliveries} callbacks reversed`);
  if (state.delay_deliveries_millis) words.push(`callbacks delayed ${state.delay_deliveries_millis / 1000} s`);
  for (const row of state.deliveries) words.push(`${nameOf(row.event, "any callback") || "some callbacks"}: ${titleOf(CALLBACKS, row)} ${times(row)}`);
  for (const row of state.rest) words.push(`${nameOf(row.method, "any call")}: ${titleOf(CALLS, row)} ${times(row)}`);
  if (state.invalid_grants) words.push(`invalid_grant ×${state.invalid_grants}`);
  return words;
}

export function drawFaults({faults}) {
  const box = byId("faults"), {state} = faults;
  if (!box.children.length) box.append(...panel());
  for (const [name, key] of SWITCHES) byId(`switch-${name}`).setAttribute("aria-checked", String(state[key]));
  byId("reorder-on").textContent = state.reorder_deliveries > 1 ? `holding the next ${state.reorder_deliveries}` : "";
  byId("delay-on").textContent = state.delay_deliveries_millis ? `${state.delay_deliveries_millis / 1000} s now; 0 ends it` : "";
  planned("planned-callbacks", state.deliveries, CALLBACKS, row => nameOf(row.event, "any event") || "chosen by a test");
  planned("planned-calls", state.rest, CALLS, row => nameOf(row.method, "any method"));
  byId("clear-faults").disabled = !activeFaults(faults).length;
}

function planned(id, rows, offers, name) {
  byId(id).replaceChildren(...rows.map(row => h("li", {}, h("code", {}, name(row)), ` ${titleOf(offers, row)} `, h("small", {}, times(row)))));
}

function panel() {
  const toggle = ([name, key, title, says]) => h("div", {class: "switch"},
    h("button", {type: "button", role: "switch", id: `switch-${name}`, "aria-checked": "false", "aria-labelledby": `title-${name}`,
      onclick: event => set({[key]: event.currentTarget.getAttribute("aria-checked") !== "true"})}, h("i")),
    h("div", {}, h("b", {id: `title-${name}`}, title), h("p", {}, says)));
  const once = (title, says, body, done) => h("div", {class: "switch"},
    h("button", {type: "button", id: body.switch, onclick: async () => { if (await turn(body)) toast(done); }}, title), h("p", {}, says));
  const amount = (id, title, before, after, value, apply) => {
    const field = h("input", {type: "number", id: `${id}-count`, min: "0", max: "3600", step: "any", value});
    return h("form", {class: "switch", onsubmit: event => { event.preventDefault(); apply(Math.max(0, Number(field.value) || 0)); }},
      h("button", {id}, title), h("div", {}, h("label", {}, before, field, after), h("p", {id: `${id}-on`})));
  };
  return [
    h("section", {}, h("h3", {}, "All callbacks to the bot"), ...SWITCHES.map(toggle),
      amount("reorder", "Reorder", "the next ", " callbacks", "3", count => set({reorder_deliveries: Math.round(count)})),
      amount("delay", "Delay", "each by ", " seconds", "2", seconds => set({delay_deliveries_millis: Math.round(seconds * 1000)}))),
    h("section", {}, h("h3", {}, "The next callbacks"),
      planner("callback", "Event", "any event", CALLBACKS, (event, fault, times) => turn({switch: "delivery", event, fault, times})),
      h("ul", {id: "planned-callbacks", class: "planned"})),
    h("section", {}, h("h3", {}, "The next calls of the bot"),
      planner("call", "Method, or oauth/token", "any method", CALLS, (method, fault, times) => turn({switch: "call", method, fault, times})),
      h("ul", {id: "planned-calls", class: "planned"})),
    h("section", {}, h("h3", {}, "Tokens"),
      once("Expire access tokens", "Calls answer expired_token until the bot refreshes.", {switch: "expire_tokens"}, "All access tokens are expired."),
      once("Revoke refresh tokens", "The next refresh answers invalid_grant.", {switch: "revoke_tokens"}, "All refresh tokens are revoked."),
      once("Revoke access tokens", "Calls answer invalid_token.", {switch: "revoke_access"}, "All access tokens are revoked."),
      once("Refuse one refresh", "invalid_grant once; the token stays good.", {switch: "set", faults: {invalid_grants: 1}}, "The next token request is refused.")),
    h("section", {}, h("h3", {}, "The portal"),
      once("Rename", "It moves to another port; the old address answers 302.", {switch: "rename"}, "The portal has moved."),
      h("div", {class: "switch"}, h("button", {type: "button", id: "restart", onclick: restart}, "Restart"),
        h("p", {}, "Every connection is closed, also in the middle of a request."))),
    h("section", {}, h("button", {type: "button", id: "clear-faults", onclick: () => turn({switch: "clear"})}, "End all faults")),
  ];
}

/// The answer may get lost with the connection it was to come by.
async function restart() {
  await fetch("/page/fault", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({switch: "restart"})}).catch(() => {});
  toast("The portal restarts.");
}

/// A form that plans a fault for the next so many.
function planner(id, label, any, offers, plan) {
  const name = h("input", {id: `fault-${id}`, placeholder: any, autocomplete: "off", spellcheck: false});
  const count = h("input", {type: "number", min: "1", max: "1000000", value: "1"});
  const kind = h("select", {id: `fault-${id}-kind`}, ...offers.map(([code, title]) => h("option", {value: code}, title)));
  const long = h("input", {type: "number", min: "0", max: "3600", step: "any", value: "5"});
  const lasting = h("label", {class: "field", hidden: true}, h("span", {}, "Seconds"), long);
  kind.onchange = () => {
    const millis = offers.find(([code]) => code === kind.value)[2];
    lasting.hidden = millis === undefined;
    if (millis !== undefined) long.value = String(millis / 1000);
  };
  return h("form", {class: "fault-form", onsubmit: event => {
    event.preventDefault();
    const fault = {fault: kind.value};
    if (!lasting.hidden) fault.millis = Math.round(Math.max(0, Number(long.value) || 0) * 1000);
    plan(name.value, fault, Math.max(1, Math.round(Number(count.value)) || 1));
  }}, h("label", {class: "field"}, h("span", {}, label), name), h("label", {class: "field"}, h("span", {}, "Times"), count),
    h("label", {class: "field"}, h("span", {}, "What happens"), kind), lasting, h("button", {class: "primary", id: `plan-${id}`}, "Add"));
}
