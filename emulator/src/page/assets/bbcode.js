// BB code as the portal's messenger draws it. Tags become elements, everything else becomes text.

import {h, link, picture} from "/page/asset/dom.js";

const TAG = /\[(\/?)([a-z]+)((?:=|\s)[^\[\]]*)?\]/gi;
const PAIRED = new Set(["b", "i", "u", "s", "size", "color", "url", "user", "chat", "context", "dialog", "call", "send", "put", "img"]);
const SINGLE = new Set(["br", "user", "pch", "icon", "timestamp", "disk", "rating", "attach"]);
const DEEPEST = 30;
const FENCE = /^-{54}$/;

/// The nodes of a text. `acts` may hold `send(text)` and `put(text)`.
export function bbcode(text, acts = {}) {
  const out = [];
  for (const block of blocks(String(text ?? ""))) {
    const nodes = inline(block.text, acts);
    out.push(...(block.quote ? [h("blockquote", {}, ...nodes)] : nodes));
  }
  return out;
}

/// The text without its tags, for one-line places.
export function plain(text) {
  return String(text ?? "").replace(TAG, (whole, close, name) => {
    const known = PAIRED.has(name.toLowerCase()) || SINGLE.has(name.toLowerCase()) || name.toLowerCase() === "code";
    return known ? "" : whole;
  }).replace(/\s+/g, " ").trim();
}

/// Cuts a text into quotes (`>>` or between two lines of 54 hyphens) and what is between them.
function blocks(text) {
  if (!text.includes(">>") && !text.includes("-".repeat(54))) return [{text, quote: false}];
  const found = [];
  const add = (line, quote, apart) => {
    const last = found.at(-1);
    if (last && last.quote === quote && !apart) last.text += "\n" + line;
    else found.push({text: line, quote});
  };
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    if (FENCE.test(lines[at].trim())) {
      const end = lines.findIndex((line, later) => later > at && FENCE.test(line.trim()));
      if (end > 0) {
        add(lines.slice(at + 1, end).join("\n"), true, true);
        at = end;
        continue;
      }
    }
    if (lines[at].startsWith(">>")) add(lines[at].slice(2), true);
    else add(lines[at], false);
  }
  return found;
}

/// A tag that never closes, or closes what is not open, stays text.
function inline(text, acts) {
  const root = {name: "", children: []};
  const open = [root];
  const say = what => { if (what) open.at(-1).children.push(what); };
  let at = 0;
  TAG.lastIndex = 0;
  for (let found; (found = TAG.exec(text));) {
    const [whole, close, rawName, rawValue = ""] = found;
    const name = rawName.toLowerCase();
    say(text.slice(at, found.index));
    at = TAG.lastIndex;
    if (name === "code" && !close) {
      const end = text.toLowerCase().indexOf("[/code]", at);
      if (end < 0) { say(whole); continue; }
      say(h("code", {}, text.slice(at, end).replace(/^\n|\n$/g, "")));
      at = TAG.lastIndex = end + 7;
    } else if (close) {
      const depth = open.findLastIndex(node => node.name === name);
      if (depth < 1) { say(whole); continue; }
      while (open.length - 1 > depth) flatten(open);
      const node = open.pop();
      say(element(node, acts));
    } else if (SINGLE.has(name) && !(name === "user" && text.toLowerCase().includes("[/user]", at))) {
      say(single(name, rawValue, whole));
    } else if (PAIRED.has(name) && open.length <= DEEPEST) {
      open.push({name, value: rawValue.replace(/^[=\s]/, ""), whole, children: []});
    } else {
      say(whole);
    }
  }
  say(text.slice(at));
  while (open.length > 1) flatten(open);
  return root.children.map(child => typeof child === "string" ? child.replaceAll("    ", "\t") : child);
}

/// The innermost open tag turns out to be text.
function flatten(open) {
  const node = open.pop();
  open.at(-1).children.push(node.whole, ...node.children);
}

const textOf = children => children.map(child => typeof child === "string" ? child : child.textContent).join("");

function element({name, value, whole, children}, acts) {
  const inside = textOf(children);
  switch (name) {
    case "b": case "i": case "u": case "s": return h(name, {}, ...children);
    case "size": {
      const size = Math.min(30, Math.max(8, Number.parseInt(value, 10) || 14));
      return h("span", {style: {"font-size": `${size}px`}}, ...children);
    }
    case "color": return /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value)
      ? h("span", {style: {color: value}}, ...children) : h("span", {}, whole, ...children);
    case "url": return link(value || inside, ...children);
    case "img": return picture(inside.trim(), "picture", {width: {small: 90, large: 320}[/size=(\w+)/i.exec(value)?.[1]] ?? 200});
    case "user": return h("span", {class: "mention", title: `user ${value}`}, ...(inside ? children : [value === "all" ? "everyone" : `user ${value}`]));
    case "chat": case "context": case "dialog":
      return h("span", {class: "mention", title: `${name} ${value}`}, ...children);
    case "call": return h("span", {class: "mention", title: `call ${value || inside}`}, ...children);
    case "send": case "put": {
      const said = value || inside;
      return h("button", {type: "button", class: "inline", title: `${name}: ${said}`, onclick: () => acts[name]?.(said)}, ...children);
    }
    default: return h("span", {}, ...children);
  }
}

function single(name, value, whole) {
  const attribute = wanted => new RegExp(`${wanted}=(\\S+)`, "i").exec(value)?.[1];
  const first = value.replace(/^[=\s]/, "").split(/\s/)[0];
  switch (name) {
    case "br": return h("br");
    case "user": return h("span", {class: "mention"}, first === "all" ? "everyone" : `user ${first}`);
    case "pch": return h("span", {class: "mention"}, `call ${first}`);
    case "disk": return h("span", {class: "mention"}, `file ${first}`);
    case "attach": return h("span", {class: "mention"}, `attachment ${first}`);
    case "rating": return h("span", {title: `rating ${first}`}, "★".repeat(Math.min(5, Math.max(0, Number(first) || 0))));
    case "icon": {
      const size = Math.min(100, Number(attribute("size") || attribute("width")) || 20);
      const image = picture(first, attribute("title") || "icon", {width: size, height: size});
      image.classList.add("icon");
      return image;
    }
    case "timestamp": {
      const seconds = Number(first);
      if (!Number.isFinite(seconds)) return whole;
      const format = (attribute("format") || "").toUpperCase(), at = new Date(seconds * 1000);
      const shown = format.includes("TIME") && !format.includes("DATETIME") ? at.toLocaleTimeString()
        : format.includes("DATETIME") ? at.toLocaleString() : at.toLocaleDateString();
      return h("time", {title: String(seconds)}, shown);
    }
    default: return whole;
  }
}
