// Building elements. Everything foreign goes in as text: nothing here or elsewhere parses HTML.

export const byId = id => document.getElementById(id);

/// An element with properties and children; children are nodes or texts, empty ones are left out.
export function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) made.style.setProperty(key, text);
    else if (name in made && name !== "role" && !name.startsWith("aria")) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter(child => child !== undefined && child !== null && child !== false && child !== ""));
  return made;
}

/// Makes the children of `box` be those of `items`, by key, and draws only what has changed: focus and selection stay.
export function reconcile(box, items, keyOf, draw) {
  const known = new Map([...box.children].map(node => [node.dataset.key, node]));
  let at = 0;
  for (const item of items) {
    const key = String(keyOf(item)), look = JSON.stringify(item);
    let node = known.get(key);
    if (!node || node.look !== look) {
      const fresh = draw(item);
      fresh.dataset.key = key;
      fresh.look = look;
      node?.remove();
      node = fresh;
    }
    known.delete(key);
    if (box.children[at] !== node) box.insertBefore(node, box.children[at] ?? null);
    at += 1;
  }
  known.forEach(node => node.remove());
}

/// Fills a select, keeping what is chosen.
export function options(select, rows, chosen) {
  const look = JSON.stringify([rows, chosen]);
  if (select.look === look) return;
  select.look = look;
  select.replaceChildren(...rows.map(([value, text, off]) => h("option", {value, disabled: off}, text)));
  if (chosen !== undefined) select.value = chosen;
}

/// An address that may be followed, or nothing.
export function safeLink(address) {
  const text = String(address ?? "").replaceAll("&amp;", "&").trim();
  return /^https?:\/\//i.test(text) || (/^\/(?!\/)/.test(text)) ? text : undefined;
}

export function link(address, ...children) {
  const href = safeLink(address);
  return href ? h("a", {href, target: "_blank", rel: "noopener noreferrer"}, ...children) : h("span", {}, ...children);
}

/// A picture from where the bot says; its address when it does not come.
export function picture(address, alt, {width, height} = {}) {
  const src = safeLink(address);
  if (!src) return h("span", {class: "faint"}, alt || "picture");
  const image = h("img", {src, alt: alt || "", loading: "lazy", referrerPolicy: "no-referrer"});
  if (width > 0) image.style.setProperty("width", `${Number(width)}px`);
  if (width > 0 && height > 0) image.style.setProperty("aspect-ratio", `${Number(width)} / ${Number(height)}`);
  image.addEventListener("error", () => image.replaceWith(h("span", {class: "missing"}, link(src, alt || src))), {once: true});
  return image;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https only loopback has a clipboard: the old way.
    const box = h("textarea", {value: text, class: "away"});
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
}

export const clock = seconds =>
  new Date(seconds * 1000).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", hour12: false});
