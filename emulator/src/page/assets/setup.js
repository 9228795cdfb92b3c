// The portal's own facts: its bots, how one connects another, its clock.

import {byId, copy, h} from "/page/asset/dom.js";
import {act, toast} from "/page/asset/portal.js";
import {drawApp} from "/page/asset/app.js";
import {drawBots} from "/page/asset/bots.js";

const STEPS = [["1 minute", 60], ["1 hour", 3600], ["1 day", 86400], ["1 week", 604800]];
const START = "cargo run --example echo";

export function drawPortal(state) {
  const box = byId("portal"), {setup} = state;
  // What is drawn anew is a section, so that a form in another one stays as it is.
  if (!box.children.length) {
    box.append(h("section", {id: "portal-bots"}), h("div", {id: "portal-commands"}), h("section", {id: "portal-app"}),
      h("section", {id: "app-form", hidden: true}), h("div", {id: "portal-facts"}));
  }
  drawBots(state.bot_list);
  drawApp(setup);
  drawCommands(byId("portal-commands"), setup);
  drawFacts(byId("portal-facts"), setup);
  byId("portal-now").replaceChildren(new Date(state.now * 1000).toLocaleString());
}

function drawCommands(box, {webhook, application, installed}) {
  const look = JSON.stringify([webhook, application, installed]);
  if (box.look === look) return;
  box.look = look;
  const then = installed ? "The application is installed already." : "When it is up, the emulator installs it, unless it was started otherwise; the button below does it too.";
  box.replaceChildren(
    command("By webhook", "The quickest: nothing is installed. Paste this into a terminal.", "webhook", webhook),
    command("As an application", `With OAuth and everything an application hears. Paste this into a terminal. ${then}`, "application", application));
}

function drawFacts(box, setup) {
  const facts = [["Client id", setup.client_id], ["Member id", setup.member_id], ["Network line", setup.network_line]], look = JSON.stringify(facts);
  if (box.look === look) return;
  box.look = look;
  box.replaceChildren(
    h("section", {}, h("h3", {}, "Facts"), h("dl", {}, ...facts.map(([name, value]) => fact(name, value)))),
    h("section", {}, h("h3", {}, "The portal's clock"), h("p", {id: "portal-now"}),
      h("div", {class: "buttons"}, ...STEPS.map(([title, seconds]) => h("button", {type: "button",
        onclick: async () => { if (await act("/page/fault", {switch: "clock", seconds})) toast(`${title} later.`); }}, `+ ${title}`)))));
}

const fact = (name, value) => h("div", {class: "fact"}, h("dt", {}, name), h("dd", {}, value || "none"),
  value ? h("button", {type: "button", class: "quiet", "aria-label": `Copy ${name}`, onclick: () => copy(value).then(() => toast("Copied."))}, "Copy") : "");

function command(title, says, id, environment) {
  const lines = [...environment.map(([name, value]) => `${name}=${quoted(value)}`), START].join(" \\\n");
  return h("section", {}, h("div", {class: "heading"}, h("h3", {}, title),
    h("button", {type: "button", id: `copy-${id}`, "aria-label": `Copy the command: ${title}`, onclick: () => copy(lines).then(() => toast("Copied. Paste it into a terminal."))}, "Copy")),
    h("p", {}, says), h("pre", {class: "command", id: `command-${id}`, tabIndex: 0}, lines));
}

/// As a POSIX shell takes it.
const quoted = text => /^[\w.\/:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
