// One message: who, text, attachment, keyboard.

import {clock, h, safeLink, copy} from "/page/asset/dom.js";
import {bbcode} from "/page/asset/bbcode.js";
import {attachment} from "/page/asset/attach.js";
import {toast} from "/page/asset/portal.js";

/// `mine` says whose messages stand at the right; `acts` are `press(message, button)`, `send`, `put`.
export function drawMessage(message, mine, acts) {
  if (message.system) {
    return h("div", {class: "notice"}, ...bbcode(message.text, acts), " ", h("time", {}, clock(message.unix)));
  }
  const own = mine(message);
  const marks = [message.internal && message.side !== "client" ? "internal note" : "", message.edited ? "edited" : ""].filter(Boolean);
  return h("article", {
    class: ["message", message.side, own ? "own" : "", message.internal && message.side !== "client" ? "internal" : "", message.deleted ? "deleted" : ""].join(" "),
    "data-id": message.id,
  },
    h("div", {class: "who"}, h("b", {}, message.author), message.side === "bot" ? h("span", {class: "tag"}, "bot") : "",
      ...marks.map(mark => h("span", {class: "tag"}, mark))),
    message.text ? h("div", {class: big(message.text) ? "text big" : "text"}, ...bbcode(message.text, acts)) : "",
    attachment(message.attach, acts),
    keyboard(message, acts),
    h("div", {class: "foot"}, ...message.reactions.map(code => h("span", {class: "tag"}, code)),
      h("time", {title: `message ${message.id}`}, clock(message.unix))));
}

/// One to three emoji and nothing else.
const big = text => /^(\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f]*){1,3}$/u.test(text.trim());

function keyboard(message, acts) {
  const buttons = Array.isArray(message.keyboard) ? message.keyboard : [];
  if (!buttons.length) return undefined;
  return h("div", {class: "keyboard", role: "group", "aria-label": "Keyboard"}, ...buttons.map((button, at) => {
    if (button.TYPE === "NEWLINE") return h("span", {class: "row"});
    const off = button.DISABLED === "Y";
    const made = h("button", {
      type: "button",
      class: `key ${button.DISPLAY === "LINE" ? "in-line" : ""} ${button.BG_COLOR_TOKEN ?? "base"}`,
      disabled: off,
      title: effect(button),
      onclick: () => press(message, button, at, acts),
    }, button.TEXT, button.CONTEXT && button.CONTEXT !== "ALL" ? h("small", {}, ` ${button.CONTEXT.toLowerCase()} only`) : "");
    const ground = off ? button.OFF_BG_COLOR ?? button.BG_COLOR : button.BG_COLOR;
    const ink = off ? button.OFF_TEXT_COLOR ?? button.TEXT_COLOR : button.TEXT_COLOR;
    if (ground) {
      made.style.setProperty("background", ground);
      made.style.setProperty("border-color", ground);
      made.style.setProperty("color", ink ?? readable(ground));
    } else if (ink) {
      made.style.setProperty("color", ink);
    }
    if (button.WIDTH > 0) made.style.setProperty("flex", `0 1 ${Number(button.WIDTH)}px`);
    return made;
  }));
}

/// Black or white, whichever can be read on the colour.
function readable(color) {
  const hex = color.length === 4 ? [...color.slice(1)].map(digit => digit + digit).join("") : color.slice(1);
  const [red, green, blue] = [0, 2, 4].map(at => Number.parseInt(hex.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? "#15191f" : "#ffffff";
}

function effect(button) {
  if (button.COMMAND) return `/${button.COMMAND} ${button.COMMAND_PARAMS ?? ""}`.trim();
  if (button.LINK) return button.LINK;
  if (button.ACTION) return `${button.ACTION} ${button.ACTION_VALUE}`;
  return button.APP_ID ? `opens application ${button.APP_ID}` : "";
}

function press(message, button, at, acts) {
  const href = safeLink(button.LINK);
  if (button.LINK) return href && window.open(href, "_blank", "noopener,noreferrer");
  if (button.APP_ID) return toast(`The portal would open application ${button.APP_ID}.`);
  switch (button.ACTION) {
    case "PUT": return acts.put(String(button.ACTION_VALUE));
    case "COPY": return copy(String(button.ACTION_VALUE)).then(() => toast("Copied."));
    case "SEND": case undefined: return acts.press(message.id, at);
    default: return toast(`The portal would do: ${button.ACTION} ${button.ACTION_VALUE}`);
  }
}
