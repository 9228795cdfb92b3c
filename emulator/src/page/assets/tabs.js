// What is open: the tabs at the right, and on a phone which of the three panes.

import {byId} from "/page/asset/dom.js";

const TABS = ["inspector", "faults", "limits", "line", "portal"];
const PANES = ["client", "operator", "side"];
const panel = tab => byId(byId(`tab-${tab}`).getAttribute("aria-controls"));
let tell = () => {};

/// `moved` is called when a person opens something.
export function start(moved) {
  tell = moved;
  for (const [at, tab] of TABS.entries()) {
    const button = byId(`tab-${tab}`);
    button.onclick = () => { openTab(tab); tell(); };
    button.onkeydown = event => {
      const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1}[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = TABS[(to + TABS.length) % TABS.length];
      openTab(next);
      byId(`tab-${next}`).focus();
      tell();
    };
  }
  for (const button of byId("panes").children) button.onclick = () => { openPane(button.dataset.pane); tell(); };
}

export const opened = () => ({tab: TABS.find(name => !panel(name).hidden), pane: document.body.dataset.pane});

export function openTab(name) {
  if (!TABS.includes(name)) return;
  for (const tab of TABS) {
    panel(tab).hidden = tab !== name;
    const button = byId(`tab-${tab}`);
    button.setAttribute("aria-selected", String(tab === name));
    button.tabIndex = tab === name ? 0 : -1;
  }
}

export function openPane(name) {
  if (!PANES.includes(name)) return;
  document.body.dataset.pane = name;
  for (const button of byId("panes").children) {
    if (button.dataset.pane === name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/// Brings a tab before the eyes, on a phone too.
export function reveal(tab) {
  openPane("side");
  openTab(tab);
  tell();
}
