// The portal's own facts: its bots, what one copies into a bot's environment, its clock.

import {byId, copy, h} from "/page/asset/dom.js";
import {act, toast} from "/page/asset/portal.js";

const STEPS = [["1 minute", 60], ["1 hour", 3600], ["1 day", 86400], ["1 week", 604800]];

export function drawPortal(state) {
  const box = byId("portal");
  const look = JSON.stringify([state.access, state.bot_names]);
  byId("portal-now")?.replaceChildren(new Date(state.now * 1000).toLocaleString());
  if (box.look === look) return;
  box.look = look;
  const {access} = state;
  const fact = (name, value) => h("div", {class: "fact"}, h("dt", {}, name), h("dd", {}, value || "none"),
    value ? h("button", {type: "button", class: "quiet", "aria-label": `Copy ${name}`, onclick: () => copy(value).then(() => toast("Copied."))}, "Copy") : "");
  const webhook = `BITRIX24_WEBHOOK_URL=${access.webhook} BITRIX24_BOT_TOKEN=any-text`;
  const oauth = `BITRIX24_CLIENT_ID=${access.client_id} BITRIX24_CLIENT_SECRET=${access.client_secret} BITRIX24_OAUTH_HOSTS=${access.oauth_host}`;
  box.replaceChildren(
    h("section", {}, h("h3", {}, "Bots"), h("p", {}, state.bot_names.length ? state.bot_names.join(", ") : "No bot is registered."),
      h("p", {}, access.installed ? "The application is installed." : "The application is not installed: it hears no events.")),
    h("section", {}, h("h3", {}, "A bot by webhook"), h("dl", {}, fact("Environment", webhook))),
    h("section", {}, h("h3", {}, "A bot as an application"), h("dl", {}, fact("Environment", oauth), fact("Client id", access.client_id),
      fact("Member id", access.member_id), fact("Network line", access.network_line))),
    h("section", {}, h("h3", {}, "The portal's clock"), h("p", {id: "portal-now"}, new Date(state.now * 1000).toLocaleString()),
      h("div", {class: "buttons"}, ...STEPS.map(([title, seconds]) => h("button", {type: "button",
        onclick: async () => { if (await act("/page/fault", {switch: "clock", seconds})) toast(`${title} later.`); }}, `+ ${title}`)))));
}
