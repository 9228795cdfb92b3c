// Attachments in their stored form, block by block.

import {h, link, picture} from "/page/asset/dom.js";
import {bbcode} from "/page/asset/bbcode.js";

const TOKENS = {primary: "var(--accent)", secondary: "var(--faint)", alert: "var(--bad)", base: undefined};
const isColor = value => /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value ?? "");
const many = value => Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

export function attachment(attach, acts) {
  const blocks = many(attach?.BLOCKS);
  if (!blocks.length) return undefined;
  const color = isColor(attach.COLOR) ? attach.COLOR : TOKENS[attach.COLOR_TOKEN] ?? "transparent";
  const described = !["", "FIRST_MESSAGE", "SKIP_MESSAGE"].includes(attach.DESCRIPTION ?? "");
  return h("div", {class: "attach", style: {"--stripe": color}, title: described ? attach.DESCRIPTION : undefined},
    ...blocks.map(block => drawn(block, acts)));
}

function drawn(block, acts) {
  const kind = Object.keys(block ?? {})[0];
  const draw = KINDS[kind];
  return draw ? h("div", {class: `block b-${kind.toLowerCase()}`}, ...draw(block[kind], acts))
    : h("div", {class: "block faint"}, kind ? `${kind}: not known` : "");
}

const KINDS = {
  USER: people => many(people).map(one => {
    const shape = {CHAT: "chat", BOT: "bot"}[one.AVATAR_TYPE] ?? "user";
    return h("div", {class: "person"},
      one.AVATAR ? h("span", {class: `avatar ${shape}`}, picture(one.AVATAR, one.NAME))
        : h("span", {class: `avatar ${shape}`, "aria-hidden": "true"}, [...String(one.NAME)][0] ?? "?"),
      one.LINK ? link(one.LINK, one.NAME) : h("span", {class: "mention", title: target(one)}, one.NAME));
  }),
  LINK: links => many(links).map(one => linked(one, false)),
  RICH_LINK: links => many(links).map(one => linked(one, true)),
  MESSAGE: (text, acts) => [h("div", {class: "text"}, ...bbcode(text, acts))],
  GRID: (rows, acts) => grid(many(rows), acts),
  IMAGE: images => many(images).map(one => h("figure", {},
    link(one.LINK, picture(one.PREVIEW || one.LINK, one.NAME || "picture", {width: one.WIDTH, height: one.HEIGHT})),
    one.NAME ? h("figcaption", {}, one.NAME) : undefined)),
  FILE: files => many(files).map(one => fileRow(one.NAME || one.LINK, one.SIZE, one.LINK)),
  DELIMITER: line => {
    const wide = Number(line?.SIZE);
    return [h("hr", {style: {
      width: wide > 0 ? `${wide}px` : "200px",
      ...(isColor(line?.COLOR) ? {"border-color": line.COLOR} : {}),
    }})];
  },
};

function target(one) {
  for (const key of ["USER_ID", "CHAT_ID", "BOT_ID", "NETWORK_ID"]) if (one[key]) return `${key} ${one[key]}`;
  return undefined;
}

function linked(one, rich) {
  const size = one.PREVIEW_SIZE ?? {WIDTH: one.WIDTH, HEIGHT: one.HEIGHT};
  const preview = one.PREVIEW || one.EXTRA_IMAGE;
  return h("div", {class: rich ? "linked rich" : "linked"},
    one.LINK ? link(one.LINK, one.NAME || one.LINK) : h("span", {class: "mention", title: target(one)}, one.NAME),
    one.DESC ? h("div", {class: "desc"}, ...bbcode(one.DESC)) : undefined,
    // HTML of a bot is shown as the text it is.
    one.HTML ? h("div", {class: "desc"}, one.HTML)
      : preview ? picture(preview, one.NAME || "preview", {width: size.WIDTH, height: size.HEIGHT}) : undefined);
}

function grid(rows, acts) {
  const groups = [];
  for (const row of rows) {
    const display = ["LINE", "ROW", "TABLE"].includes(row.DISPLAY) ? row.DISPLAY : "BLOCK";
    if (groups.at(-1)?.display === display) groups.at(-1).rows.push(row);
    else groups.push({display, rows: [row]});
  }
  return groups.map(({display, rows}) => h("dl", {class: `grid ${display.toLowerCase()}`}, ...rows.map(row => {
    const color = isColor(row.COLOR) ? row.COLOR : TOKENS[row.COLOR_TOKEN];
    const value = row.VALUE === undefined ? [] : bbcode(row.VALUE, acts);
    const shown = row.LINK ? [link(row.LINK, ...value)] : row.USER_ID || row.CHAT_ID
      ? [h("span", {class: "mention", title: target(row)}, ...value)] : value;
    const style = row.WIDTH > 0 && display !== "BLOCK" ? {width: `${Number(row.WIDTH)}px`, "flex-grow": "0"} : {};
    return h("div", {style}, row.NAME ? h("dt", {}, row.NAME) : undefined,
      h("dd", {style: color ? {color} : {}}, ...shown));
  })));
}

/// A file by name, size in bytes and address.
export const fileRow = (name, bytes, address) => h("div", {class: "file"},
  h("span", {class: "icon", "aria-hidden": "true"}, (/\.([a-z0-9]{1,4})$/i.exec(name || "")?.[1] ?? "file").toLowerCase()),
  h("span", {}, link(address, name), bytes > 0 ? h("small", {}, size(bytes)) : undefined));

function size(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  let at = 0, left = Number(bytes);
  while (left >= 1024 && at < 3) { left /= 1024; at += 1; }
  return `${at ? left.toFixed(1) : left} ${units[at]}`;
}
