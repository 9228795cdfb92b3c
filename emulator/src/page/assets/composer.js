// The boxes one writes in: Enter sends, Shift+Enter makes a line, and an older message can be taken back into the box.

import {byId, h} from "/page/asset/dom.js";

/// `send(text)` says something new, `change(id, text)` edits; both tell whether it was taken.
export function composer(name, send, change) {
  const form = byId(`${name}-form`), text = byId(`${name}-text`), button = byId(`${name}-send`);
  const says = button.textContent;
  let editing;
  const fit = () => {
    text.style.removeProperty("height");
    if (!text.value) return;
    text.style.setProperty("height", `${Math.min(text.scrollHeight + 2, 160)}px`);
  };
  const fill = value => { text.value = value; fit(); };
  const leave = () => {
    editing = undefined;
    button.textContent = says;
    form.querySelector(".editing")?.remove();
  };
  text.addEventListener("input", fit);
  text.addEventListener("keydown", event => {
    if (event.key === "Escape" && editing !== undefined) { leave(); fill(""); }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const said = text.value, id = editing;
    if (!said.trim()) return;
    leave();
    fill("");
    // What was not taken is not lost.
    if (!await (id === undefined ? send(said) : change(id, said)) && !text.value) fill(said);
  });
  return {
    put(value) { fill(value); text.focus(); },
    edit(id, value) {
      leave();
      editing = id;
      button.textContent = "Save";
      form.prepend(h("div", {class: "editing"}, `Editing message ${id}`,
        h("button", {type: "button", class: "quiet", onclick: () => { leave(); fill(""); text.focus(); }}, "Cancel")));
      fill(value);
      text.focus();
    },
    leave() { if (editing !== undefined) { leave(); fill(""); } },
  };
}

/// A log that was read to its end stays there: when messages come, pictures load, or the window changes.
export function keepAtEnd(box) {
  box.addEventListener("scroll", () => {
    box.dataset.follows = box.scrollHeight - box.scrollTop - box.clientHeight < 60 ? "yes" : "no";
  });
  box.addEventListener("load", () => follow(box), true);
  new ResizeObserver(() => follow(box)).observe(box);
}

export function follow(box) {
  if (box.dataset.follows !== "no") box.scrollTop = box.scrollHeight;
}
