// The settings of the chosen line, under the names that imopenlines.config.update has for them. Each takes effect at once.

import {byId, h} from "/page/asset/dom.js";
import {act} from "/page/asset/portal.js";

const JOINS = [["always", "every session"], ["first", "a client's first session"]];
const LEAVES = [["queue", "after hand-over"], ["close", "when the session closes"]];
const AWAY = [["none", "says nothing"], ["text", "says its text"]];
const CRM = [["deal", "a deal"], ["lead", "a lead"], ["none", "nothing"]];
let id, looks;

const change = body => act("/page/line", {line: id, ...body});
const set = (name, value) => change({settings: {[name]: value}});

export function drawLine(state) {
  const box = byId("line-panel"), {line_settings: all, employees} = state;
  if (!all) return;
  // Drawn anew only when there is something else to choose from; otherwise the focus stays where it is.
  const look = JSON.stringify([state.line, all.bots, all.channels.map(one => one.code), employees.map(one => one.id)]);
  if (looks !== look) {
    looks = look;
    id = state.line;
    box.replaceChildren(...panel(all, employees));
  }
  for (const field of box.querySelectorAll("[data-setting]")) fill(field, all.settings[field.dataset.setting]);
  for (const field of box.querySelectorAll("[data-channel]")) field.checked = all.channels.some(one => one.code === field.dataset.channel && one.on);
  queue(all.queue, employees);
}

function fill(field, value) {
  if (document.activeElement === field && field.type !== "checkbox") return;
  if (field.type === "checkbox") field.checked = value === "Y";
  else field.value = value ?? "";
}

function queue(ids, employees) {
  const name = user => employees.find(one => one.id === user)?.name ?? `user ${user}`;
  const list = byId("queue"), look = JSON.stringify([ids, employees]);
  if (list.look === look) return;
  const focus = document.activeElement?.dataset?.queue;
  list.look = look;
  const button = (title, what, users, off) => h("button", {type: "button", class: "quiet", "aria-label": title, "data-queue": title, disabled: off, onclick: () => set("QUEUE", users)}, what);
  const without = user => ids.filter(one => one !== user);
  const earlier = at => ids.map((user, place) => place === at - 1 ? ids[at] : place === at ? ids[at - 1] : user);
  list.replaceChildren(
    ...ids.map((user, at) => h("li", {}, h("span", {}, `${at + 1}. ${name(user)}`), employees.find(one => one.id === user)?.paused ? h("small", {}, "on a break") : "",
      h("span", {class: "gap"}), button(`${name(user)} earlier`, "↑", earlier(at), at === 0), button(`Take ${name(user)} out of the queue`, "Remove", without(user)))),
    ...employees.filter(one => !ids.includes(one.id)).map(one => h("li", {}, h("span", {class: "faint"}, one.name), h("span", {class: "gap"}),
      button(`Put ${one.name} into the queue`, "Add", [...ids, one.id]))));
  if (focus) [...list.querySelectorAll("button")].find(one => one.dataset.queue === focus && !one.disabled)?.focus();
}

function panel(all, employees) {
  const text = (name, title, more = {}) => h("label", {class: "field"}, h("span", {}, title), h("input", {"data-setting": name, autocomplete: "off", onchange: event => set(name, event.target.value), ...more}));
  const count = (name, title) => text(name, title, {type: "number", min: "0", step: "1"});
  const check = (name, title) => h("label", {class: "check"}, h("input", {type: "checkbox", "data-setting": name, onchange: event => set(name, event.target.checked ? "Y" : "N")}), h("span", {}, title));
  const pick = (name, title, rows, apply = value => set(name, value)) => h("label", {class: "field"}, h("span", {}, title),
    h("select", {"data-setting": name, onchange: event => apply(event.target.value)}, ...rows.map(([value, label]) => h("option", {value}, label))));
  const area = (name, title) => h("label", {class: "field"}, h("span", {}, title), h("textarea", {"data-setting": name, rows: 2, onchange: event => set(name, event.target.value)}));
  const bots = [["0", "no bot"], ...all.bots.map(one => [String(one.id), one.name])];
  return [
    h("section", {}, h("h3", {}, "Line"), text("LINE_NAME", "Name", {maxLength: 100}), check("ACTIVE", "The line takes messages"),
      pick("CRM_CREATE", "For a new client the CRM gets", CRM, value => change({settings: {CRM: value === "none" ? "N" : "Y", CRM_CREATE: value}})),
      h("fieldset", {}, h("legend", {}, "Channels"), ...all.channels.map(one => h("label", {class: "check"},
        h("input", {type: "checkbox", "data-channel": one.code, onchange: event => change({channels: {[one.code]: event.target.checked}})}), h("span", {}, one.title))))),
    h("section", {}, h("h3", {}, "Bot"), pick("WELCOME_BOT_ID", "Meets new sessions", bots), h("div", {class: "pair"},
      pick("WELCOME_BOT_JOIN", "It joins", JOINS), pick("WELCOME_BOT_LEFT", "It leaves", LEAVES)),
      count("WELCOME_BOT_TIME", "Hands over after seconds, 0 for never"),
      check("WELCOME_MESSAGE", "Without a bot the line itself welcomes a client"),
      area("WELCOME_MESSAGE_TEXT", "Welcome text, which a bot may ask for too"),
      check("VOTE_MESSAGE", "The line asks for a mark when a session ends"), check("VOTE_CLOSING_DELAY", "The mark closes the session at once"),
      area("VOTE_MESSAGE_1_TEXT", "What it asks where there are buttons"), area("VOTE_MESSAGE_2_TEXT", "What it asks on other channels, which answer 1 or 0")),
    h("section", {}, h("h3", {}, "Queue"), h("ul", {id: "queue", class: "rows", "aria-label": "Operators in the order of asking"}),
      h("div", {class: "pair"}, count("QUEUE_TIME", "Asks the next after seconds, 0 for never"), count("AUTO_CLOSE_TIME", "Closes after seconds of silence")),
      count("FULL_CLOSE_TIME", "Minutes a finished session waits for the client")),
    h("section", {}, h("h3", {}, "Working hours"), h("p", {}, "In UTC. Outside of them the line says its text, once a session."),
      check("WORKTIME_ENABLE", "The line has working hours"), h("div", {class: "pair"}, text("WORKTIME_FROM", "From", {placeholder: "9"}), text("WORKTIME_TO", "To", {placeholder: "18.30"})),
      text("WORKTIME_DAYOFF", "Days off", {placeholder: "SA, SU"}), pick("WORKTIME_DAYOFF_RULE", "Outside of them the line", AWAY), area("WORKTIME_DAYOFF_TEXT", "Text outside working hours")),
  ];
}
