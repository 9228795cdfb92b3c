// Faults, and the portal's own settings: what one turns, and what one copies into a bot's environment.

import {byId, copy, h} from "/page/asset/dom.js";
import {act, toast} from "/page/asset/portal.js";

const turn = body => act("/page/fault", body);

/// The faults that are on, in words.
export function activeFaults(faults) {
  const words = [];
  if (faults.drop) words.push("callbacks dropped");
  if (faults.duplicate) words.push("callbacks doubled");
  if (faults.reorder > 1) words.push(`next ${faults.reorder} callbacks reversed`);
  for (const call of faults.calls) words.push(`${call.method === "*" ? "any call" : call.method}: ${call.title} ×${call.times}`);
  return words;
}

export function drawFaults(state) {
  const box = byId("faults");
  if (!box.children.length) box.append(...faultPanel(state.faults));
  const {faults} = state;
  for (const name of ["drop", "duplicate"]) {
    const button = byId(`switch-${name}`);
    button.setAttribute("aria-checked", String(faults[name]));
  }
  byId("reorder-on").textContent = faults.reorder > 1 ? `holding the next ${faults.reorder}` : "";
  byId("limit").value = faults.rate_limit === "own" ? "" : faults.rate_limit;
  byId("planned").replaceChildren(...faults.calls.map(call => h("li", {}, h("code", {}, call.method === "*" ? "any method" : call.method),
    ` ${call.title}`, h("small", {}, ` ×${call.times}`))));
  byId("clear-faults").disabled = !activeFaults(faults).length;
}

function faultPanel(faults) {
  const toggle = (name, title, says) => h("div", {class: "switch"},
    h("button", {type: "button", role: "switch", id: `switch-${name}`, "aria-checked": "false", "aria-labelledby": `title-${name}`,
      onclick: event => turn({switch: name, on: event.currentTarget.getAttribute("aria-checked") !== "true"})}, h("i")),
    h("div", {}, h("b", {id: `title-${name}`}, title), h("p", {}, says)));
  const once = (title, says, body, done) => h("div", {class: "switch"},
    h("button", {type: "button", onclick: async () => { if (await turn(body)) toast(done); }}, title), h("p", {}, says));
  const count = h("input", {type: "number", id: "reorder-count", min: "2", max: "100", value: "3", "aria-label": "How many callbacks"});
  const method = h("input", {id: "fault-method", placeholder: "any method", "aria-label": "Method", autocomplete: "off", spellcheck: false});
  const times = h("input", {id: "fault-times", type: "number", min: "1", max: "1000000", value: "1", "aria-label": "How many calls"});
  const kind = h("select", {id: "fault-kind", "aria-label": "What happens"}, ...faults.offers.map(([code, title]) => h("option", {value: code}, title)));
  return [
    h("section", {}, h("h3", {}, "Callbacks to the bot"),
      toggle("drop", "Drop", "No callback is sent; each is shown as dropped."),
      toggle("duplicate", "Duplicate", "Every callback is sent twice, byte for byte."),
      h("form", {class: "switch", onsubmit: event => { event.preventDefault(); turn({switch: "reorder", count: Number(count.value) || 0}); }},
        h("button", {id: "reorder"}, "Reorder"),
        h("div", {}, h("label", {}, "the next ", count, " callbacks"), h("p", {id: "reorder-on"})))),
    h("section", {}, h("h3", {}, "Calls of the bot"),
      h("form", {class: "fault-form", onsubmit: event => {
        event.preventDefault();
        turn({switch: "rest", method: method.value, fault: kind.value, times: Number(times.value) || 1});
      }}, h("label", {class: "field"}, h("span", {}, "Method"), method), h("label", {class: "field"}, h("span", {}, "Calls"), times),
        h("label", {class: "field wide"}, h("span", {}, "What happens"), kind), h("button", {class: "primary", id: "plan-fault"}, "Add")),
      h("ul", {id: "planned"})),
    h("section", {}, h("h3", {}, "Tokens and limits"),
      once("Expire access tokens", "Calls answer expired_token until the bot refreshes.", {switch: "expire_tokens"}, "All access tokens are expired."),
      once("Revoke refresh tokens", "The next refresh answers invalid_grant.", {switch: "revoke_tokens"}, "All refresh tokens are revoked."),
      h("label", {class: "field wide"}, h("span", {}, "Rate limit"), h("select", {id: "limit", onchange: event => turn({switch: "rate_limit", kind: event.target.value})},
        ...[["off", "none"], ["standard", "50, then 2 a second"], ["enterprise", "250, then 5 a second"]].map(([value, text]) => h("option", {value}, text))))),
    h("section", {}, h("button", {type: "button", id: "clear-faults", onclick: () => turn({switch: "clear"})}, "End all faults")),
  ];
}

export function drawPortal(state) {
  const box = byId("portal");
  const look = JSON.stringify([state.access, state.bot_names]);
  byId("portal-now")?.replaceChildren(new Date(state.now * 1000).toLocaleString());
  if (box.look === look) return;
  box.look = look;
  const {access} = state;
  const fact = (name, value, secret) => h("div", {class: "fact"}, h("dt", {}, name),
    h("dd", {class: secret ? "secret" : ""}, value || "none"),
    value ? h("button", {type: "button", class: "quiet", "aria-label": `Copy ${name}`, onclick: () => copy(value).then(() => toast("Copied."))}, "Copy") : "");
  const webhook = `BITRIX24_WEBHOOK_URL=${access.webhook} BITRIX24_BOT_TOKEN=any-text`;
  const oauth = `BITRIX24_CLIENT_ID=${access.client_id} BITRIX24_CLIENT_SECRET=${access.client_secret} BITRIX24_OAUTH_HOSTS=${access.oauth_host}`;
  box.replaceChildren(
    h("section", {}, h("h3", {}, "Bots"), h("p", {}, state.bot_names.length ? state.bot_names.join(", ") : "No bot is registered."),
      h("p", {class: "faint"}, access.installed ? "The application is installed." : "The application is not installed: it hears no events.")),
    h("section", {}, h("h3", {}, "A bot by webhook"), h("dl", {}, fact("Environment", webhook))),
    h("section", {}, h("h3", {}, "A bot as an application"), h("dl", {}, fact("Environment", oauth), fact("Client id", access.client_id),
      fact("Member id", access.member_id), fact("Network line", access.network_line))),
    h("section", {}, h("h3", {}, "The portal's clock"), h("p", {id: "portal-now"}, new Date(state.now * 1000).toLocaleString()),
      h("div", {class: "buttons"}, ...[["1 minute", 60], ["1 hour", 3600], ["1 day", 86400], ["1 week", 604800]].map(([title, seconds]) =>
        h("button", {type: "button", onclick: async () => { if (await turn({switch: "clock", seconds})) toast(`${title} later.`); }}, `+ ${title}`)))));
}
