// A menu that opens at a button: arrows move in it, Escape closes it, and the focus goes back to where it was.

import {h} from "/page/asset/dom.js";

/// `entries` are `{text, act, note?, checked?, disabled?, danger?}`, `{title}` for a heading, `{faces: [[text, name, checked, act]]}` for a row of
/// small ones, or `null` for a line.
export function openMenu(anchor, label, entries) {
  const close = () => { if (box.isConnected) box.hidePopover(); };
  const box = h("div", {class: "menu", role: "menu", popover: "auto", "aria-label": label}, ...entries.map(entry => {
    if (!entry) return h("hr");
    if (entry.title !== undefined) return h("div", {class: "title", role: "presentation"}, entry.title);
    if (entry.faces) {
      return h("div", {class: "faces", role: "group"}, ...entry.faces.map(([text, name, checked, act]) => h("button", {type: "button", role: "menuitemcheckbox",
        "aria-checked": String(checked), "aria-label": name, title: name, tabIndex: -1, onclick: () => { close(); act(); }}, h("span", {}, text))));
    }
    const checks = entry.checked !== undefined;
    return h("button", {
      type: "button",
      role: checks ? "menuitemcheckbox" : "menuitem",
      "aria-checked": checks ? String(entry.checked) : undefined,
      class: entry.danger ? "danger" : "",
      disabled: entry.disabled,
      tabIndex: -1,
      onclick: () => { close(); entry.act(); },
    }, h("span", {}, entry.text), entry.note ? h("small", {}, entry.note) : "");
  }));
  const items = () => [...box.querySelectorAll("button:not(:disabled)")];
  box.addEventListener("keydown", event => {
    const all = items(), at = all.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1}[event.key];
    if (event.key === "Tab") { close(); return; }
    if (to === undefined || !all.length) return;
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  });
  box.addEventListener("toggle", event => {
    if (event.newState !== "closed") return;
    const inside = box.contains(document.activeElement) || document.activeElement === document.body;
    box.remove();
    if (anchor.isConnected) {
      anchor.setAttribute("aria-expanded", "false");
      if (inside) anchor.focus();
    }
  });
  document.body.append(box);
  box.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place(box, anchor);
  items()[0]?.focus();
}

/// Below the button where there is room, else above; never out of the window.
function place(box, anchor) {
  const at = anchor.getBoundingClientRect(), own = box.getBoundingClientRect();
  const below = at.bottom + 4 + own.height <= innerHeight;
  const top = below ? at.bottom + 4 : Math.max(8, at.top - own.height - 4);
  const left = Math.min(Math.max(8, at.right - own.width), innerWidth - own.width - 8);
  box.style.setProperty("top", `${Math.round(top)}px`);
  box.style.setProperty("left", `${Math.round(left)}px`);
}
