// One message: who, text, files, attachment, keyboard, context menu, reactions.

import {clock, copy, h, safeLink} from "/page/asset/dom.js";
import {bbcode, plain} from "/page/asset/bbcode.js";
import {attachment, fileRow} from "/page/asset/attach.js";
import {openMenu} from "/page/asset/menu.js";
import {toast} from "/page/asset/portal.js";

const REACTIONS = {like: "👍", redHeart: "❤️", laugh: "😂", wonder: "😮", cry: "😢", angry: "😠", fire: "🔥"};

/// `mine` says whose messages stand at the right; `acts` are what can be done here, under a name.
export function drawMessage(message, mine, acts) {
  if (message.system) {
    return h("div", {class: "notice"}, ...bbcode(message.text, acts), " ", h("time", {}, clock(message.unix)));
  }
  const own = mine(message), internal = message.internal && message.side !== "client";
  const marks = [
    internal ? ["internal note", "It never leaves the portal."] : message.withheld ? ["not sent to the client", "The client's channel did not get it: silent mode, or the channel does not take it."] : "",
    message.undelivered ? ["not taken yet", "The application's channel has not confirmed the delivery."] : "",
    message.edited ? ["edited", ""] : ""].filter(Boolean);
  const kinds = [message.side, own && "own", (internal || message.withheld) && "internal", message.deleted && "deleted"];
  return h("article", {class: `message ${kinds.filter(Boolean).join(" ")}`, "data-id": message.id},
    h("div", {class: "who"}, message.author ? h("b", {}, message.author) : "", message.author && message.side === "bot" ? h("span", {class: "tag"}, "bot") : "",
      ...marks.map(([mark, title]) => h("span", {class: "tag", title}, mark))),
    more(message, acts),
    message.text ? h("div", {class: big(message.text) ? "text big" : "text"}, ...(message.plain ? [message.text] : bbcode(message.text, acts))) : "",
    (message.files ?? []).map(file => fileRow(file.name, file.size, `/page/file/${file.id}`)),
    attachment(message.attach, acts),
    keyboard(message, acts),
    message.rates ? rating(acts) : "",
    message.lost?.length ? h("div", {class: "lost"}, `this channel does not show: ${message.lost.join(", ")}`) : "",
    h("div", {class: "foot"}, reactions(message, acts), h("time", {title: `message ${message.id}`}, clock(message.unix))));
}

/// The buttons under a request to rate the dialog.
const rating = acts => h("div", {class: "keyboard", role: "group", "aria-label": "Rate the dialog"},
  ...[[true, "👍", "Satisfied"], [false, "👎", "Not satisfied"]].map(([like, face, title]) =>
    h("button", {type: "button", class: "key in-line", title, "aria-label": title, onclick: () => acts.rate(like)}, face)));

/// One to three emoji and nothing else.
const big = text => /^(\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f]*){1,3}$/u.test(text.trim());

/// The button of the context menu: the bot's own entries first, then what the messenger offers.
function more(message, acts) {
  const entries = Array.isArray(message.menu) ? message.menu : [], may = message.may ?? {};
  const offers = [];
  if (entries.length) {
    offers.push({title: `Menu of ${message.author}`}, ...entries.map((entry, at) => ({
      text: unescaped(entry.TEXT), note: effect(entry), disabled: entry.DISABLED === "Y",
      act: () => press(message, entry, at, acts, true)})), null);
  }
  const given = code => (message.reactions ?? []).find(one => one.code === code)?.by.includes(acts.name()) ?? false;
  if (may.react) {
    offers.push({title: "React"}, {faces: Object.entries(REACTIONS).map(([code, face]) =>
      [face, code, given(code), () => acts.react(message.id, code, !given(code))])}, null);
  }
  if (message.text) offers.push({text: "Copy the text", act: () => copy(plain(message.text)).then(() => toast("Copied."))});
  if (may.edit) offers.push({text: "Edit", act: () => acts.edit(message.id, message.text)});
  if (may.remove) offers.push({text: "Delete", danger: true, act: () => acts.remove(message.id)});
  if (message.deleted || !offers.length) return undefined;
  return h("button", {type: "button", class: entries.length ? "more has-menu" : "more", "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-label": `${entries.length ? "Context menu" : "More"} of message ${message.id}`,
    onclick: event => openMenu(event.currentTarget, "Message", offers)}, entries.length ? "☰" : "⋯");
}

function reactions(message, acts) {
  return (message.reactions ?? []).map(({code, by}) => {
    const own = by.includes(acts.name());
    return h("button", {type: "button", class: "reaction", "aria-pressed": String(own), title: `${code}: ${by.join(", ")}`, disabled: !message.may?.react,
      onclick: () => acts.react(message.id, code, !own)}, REACTIONS[code] ?? code, by.length > 1 ? ` ${by.length}` : "");
  });
}

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
  if (button.LINK) return unescaped(button.LINK);
  if (button.ACTION) return `${button.ACTION} ${button.ACTION_VALUE}`;
  return button.APP_ID ? `opens application ${button.APP_ID}` : "";
}

/// The portal stores a menu's texts escaped for HTML (protocol 5.4); here they are text again.
function unescaped(text) {
  const signs = {"&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#039;": "'", "&amp;": "&"};
  return String(text ?? "").replace(/&(lt|gt|quot|#039|amp);/g, sign => signs[sign]);
}

function press(message, button, at, acts, menu = false) {
  const href = safeLink(button.LINK);
  if (button.LINK) return href && window.open(href, "_blank", "noopener,noreferrer");
  if (button.APP_ID) return toast(`The portal would open application ${button.APP_ID}.`);
  switch (button.ACTION) {
    case "PUT": return acts.put(String(button.ACTION_VALUE));
    case "COPY": return copy(String(button.ACTION_VALUE)).then(() => toast("Copied."));
    case "SEND": case undefined: return acts.press(message.id, at, menu);
    default: return toast(`The portal would do: ${button.ACTION} ${button.ACTION_VALUE}`);
  }
}
