// The application's settings form, as the portal shows it: asked for, filled in, asked for anew, saved.

import {byId, h} from "/page/asset/dom.js";
import {toast} from "/page/asset/portal.js";

/// The form that is open: its configuration, what is filled in, and what the application said of it.
let form;

export async function openForm(after_install) {
  const opened = await ask({act: "open", after_install});
  if (!opened) return;
  form = opened;
  draw();
  byId("app-form").querySelector("input, select, button")?.focus();
}

async function ask(body) {
  try {
    const answer = await fetch("/page/app-form", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
    if (answer.ok) return await answer.json();
    toast(await answer.text(), true);
  } catch {
    toast("The portal does not answer.", true);
  }
  return undefined;
}

const list = value => Array.isArray(value) ? value : [];

function draw(errors = []) {
  const {config, values, faults} = form, box = byId("app-form");
  const of = name => errors.filter(error => (error.field || "") === name).map(error => h("small", {class: "wrong"}, error.message));
  const steps = list(config?.steps), names = steps.flatMap(step => list(step.fields).map(field => field.name));
  box.hidden = false;
  box.replaceChildren(
    h("div", {class: "heading"}, h("h3", {}, config?.title || "Settings"), h("button", {type: "button", class: "quiet", id: "form-close", onclick: close}, "Close")),
    faults.length ? h("ul", {class: "wrong", id: "form-faults"}, ...faults.map(fault => h("li", {}, fault))) : "",
    h("form", {onsubmit: save}, ...steps.map(step => h("fieldset", {class: "step"}, h("legend", {}, step.title || step.id || "Step"),
      step.description ? h("p", {}, String(step.description)) : "",
      ...list(step.fields).map(field => h("label", {class: "field"}, h("span", {}, field.label || field.title || field.name), control(field, values), ...of(field.name))))),
      ...errors.filter(error => !error.field || !names.includes(error.field)).map(error => h("p", {class: "wrong"}, [error.field, error.message].filter(Boolean).join(": "))),
      h("div", {class: "buttons"}, h("button", {class: "primary", id: "form-save"}, "Save"))));
}

function control(field, values) {
  const value = String(values[field.name] ?? ""), change = event => fill(field, event.target.value);
  if (field.type !== "dropdown-list") return h("input", {"data-field": field.name, value, autocomplete: "off", onchange: change, placeholder: field.placeholder || ""});
  const items = list(field.items ?? field.options).map(item => typeof item === "object" && item ? [String(item.value ?? item.id ?? ""), String(item.name ?? item.label ?? item.title ?? item.value)] : [String(item), String(item)]);
  // What is filled in stays to be seen, even if the list lacks it.
  if (!items.some(([known]) => known === value)) items.unshift([value, value || "not chosen"]);
  const select = h("select", {"data-field": field.name, onchange: change}, ...items.map(([known, name]) => h("option", {value: known}, name)));
  select.value = value;
  return select;
}

async function fill(field, value) {
  form.values[field.name] = value;
  if (field.updateForm !== true) return;
  const changed = await ask({act: "fill", config: form.config, values: form.values, name: field.name, value});
  if (!changed || !form) return;
  form = changed;
  draw();
}

async function save(event) {
  event.preventDefault();
  const saved = await ask({act: "save", config: form.config, values: form.values});
  if (!saved) return;
  if (!saved.saved) { draw(saved.errors); return; }
  toast(saved.redirect ? `Saved. The portal goes to ${saved.redirect}.` : "Saved.");
  close();
}

function close() {
  form = undefined;
  byId("app-form").hidden = true;
  byId("app-form").replaceChildren();
  byId("form-open")?.focus();
}
