// The portal's own facts: its bots, how one connects another, its clock.

import {byId, copy, h} from "/page/asset/dom.js";
import {act, toast} from "/page/asset/portal.js";

const STEPS = [["1 minute", 60], ["1 hour", 3600], ["1 day", 86400], ["1 week", 604800]];
const START = "cargo run --example echo";

export function drawPortal(state) {
  const box = byId("portal"), {setup, bot_list: bots} = state;
  const look = JSON.stringify([setup, bots]);
  byId("portal-now")?.replaceChildren(new Date(state.now * 1000).toLocaleString());
  if (box.look === look) return;
  box.look = look;
  const kept = byId("install-url")?.value ?? setup.install_url;
  box.replaceChildren(
    h("section", {}, h("h3", {}, "Bots"),
      bots.length ? h("ul", {class: "rows"}, ...bots.map(bot => h("li", {}, h("b", {}, bot.name), h("code", {class: "faint"}, bot.code), h("span", {class: "gap"}),
        ...[bot.lines ? "open lines" : "no open lines", `by ${bot.by}`, bot.fetch ? "fetches events" : "hears by callback"].map(word => h("span", {class: "tag"}, word)))))
        : h("p", {}, "No bot is registered yet. Start one with either command below; it registers itself.")),
    command("By webhook", "The quickest: nothing is installed. Paste this into a terminal.", "webhook", setup.webhook),
    command("As an application", "With OAuth and everything an application hears. Paste this into a terminal; when it is up, it is installed, or you do it here.", "application", setup.application,
      h("form", {class: "inline-form", onsubmit: install}, h("label", {class: "field"}, h("span", {}, "Installation address of the bot"),
        h("input", {id: "install-url", type: "url", value: kept, autocomplete: "off", spellcheck: false})), h("button", {id: "install"}, setup.installed ? "Install again" : "Install")),
      h("p", {}, setup.installed ? "The application is installed." : "The application is not installed yet: it hears no events.")),
    h("section", {}, h("h3", {}, "Facts"), h("dl", {}, ...[["Client id", setup.client_id], ["Member id", setup.member_id], ["Network line", setup.network_line]].map(([name, value]) => fact(name, value)))),
    h("section", {}, h("h3", {}, "The portal's clock"), h("p", {id: "portal-now"}, new Date(state.now * 1000).toLocaleString()),
      h("div", {class: "buttons"}, ...STEPS.map(([title, seconds]) => h("button", {type: "button",
        onclick: async () => { if (await act("/page/fault", {switch: "clock", seconds})) toast(`${title} later.`); }}, `+ ${title}`)))));
}

const fact = (name, value) => h("div", {class: "fact"}, h("dt", {}, name), h("dd", {}, value || "none"),
  value ? h("button", {type: "button", class: "quiet", "aria-label": `Copy ${name}`, onclick: () => copy(value).then(() => toast("Copied."))}, "Copy") : "");

function command(title, says, id, environment, ...more) {
  const lines = [...environment.map(([name, value]) => `${name}=${quoted(value)}`), START].join(" \\\n");
  return h("section", {}, h("div", {class: "heading"}, h("h3", {}, title),
    h("button", {type: "button", id: `copy-${id}`, "aria-label": `Copy the command: ${title}`, onclick: () => copy(lines).then(() => toast("Copied. Paste it into a terminal."))}, "Copy")),
    h("p", {}, says), h("pre", {class: "command", id: `command-${id}`, tabIndex: 0}, lines), ...more);
}

/// As a POSIX shell takes it.
const quoted = text => /^[\w.\/:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

async function install(event) {
  event.preventDefault();
  if (await act("/page/install", {url: byId("install-url").value})) toast("Installed.");
}
