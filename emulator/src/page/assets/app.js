// The application's life on the portal: installed, updated, paid for, removed; its page and its settings form.

import {byId, h} from "/page/asset/dom.js";
import {act, toast} from "/page/asset/portal.js";
import {openForm} from "/page/asset/app-form.js";

export function drawApp(setup) {
  const box = byId("portal-app"), {app} = setup, look = JSON.stringify([app, setup.install_url]);
  if (box.look === look || !app) return;
  box.look = look;
  // What somebody is typing outlives a change elsewhere.
  const typed = new Map([...box.querySelectorAll("input")].filter(one => one.value !== one.defaultValue).map(one => [one.id, one.value]));
  const focus = box.contains(document.activeElement) ? document.activeElement.id : undefined;
  box.replaceChildren(h("div", {class: "heading"}, h("h3", {}, "The application"), h("span", {id: "app-state"}, ...pills(app))),
    h("p", {}, hears(app)),
    line("Install", installing(app, setup), install, h("button", {id: "install"}, app.installed ? "Install again" : "Install")),
    line("Version", [number("app-version", app.version + 1, "Next version")],
      () => act("/page/app", {act: "update", version: Number(byId("app-version").value)}).then(said("Updated.")),
      h("button", {id: "app-update", disabled: !app.active}, "Update")),
    line("Payment", [number("app-days", 30, "Days")],
      () => act("/page/app", {act: "pay", days: Number(byId("app-days").value)}).then(said("Paid.")),
      h("button", {id: "app-pay", disabled: !app.active}, "Pay"),
      h("button", {type: "button", id: "app-expire", disabled: !app.active || app.expired, title: "The paid period is over: no event leaves for it",
        onclick: () => act("/page/app", {act: "expire"}).then(said("The paid period is over."))}, "Expire")),
    line("Pages", [address("app-page", app.page, "Page in a frame"), address("app-settings", app.settings, "Settings form")],
      () => act("/page/app", {act: "addresses", page: byId("app-page").value, settings: byId("app-settings").value}).then(said("Kept.")),
      h("button", {id: "app-addresses"}, "Keep")),
    h("div", {class: "buttons"},
      app.active && (app.page || app.install_page) ? h("a", {id: "app-open", class: "button", href: "/app/", target: "_blank", rel: "noopener"}, "Open its page") : "",
      ...(app.settings ? [h("button", {type: "button", id: "form-open", onclick: () => openForm(false)}, "Open its settings"),
        h("button", {type: "button", id: "form-install", title: "As the portal opens it right after the installation", onclick: () => openForm(true)}, "Settings after installation")] : [])),
    h("div", {class: "buttons apart"},
      h("button", {type: "button", id: "app-uninstall", class: "danger", disabled: !app.active, onclick: () => uninstall(false)}, "Uninstall"),
      h("button", {type: "button", id: "app-clean", class: "danger", disabled: !app.active, title: "CLEAN=1: its data is to be deleted too", onclick: () => uninstall(true)}, "Uninstall and clean")));
  for (const [id, value] of typed) if (byId(id)) byId(id).value = value;
  if (focus) byId(focus)?.focus();
}

const said = text => done => { if (done) toast(text); };

function pills(app) {
  const pill = (text, kind = "") => h("span", {class: `pill ${kind}`}, text);
  if (!app.active) return [pill("not on this portal")];
  return [app.installed ? pill("installed", "human") : pill("installation not finished", "waiting"), pill(`version ${app.version}`),
    app.expired ? pill("payment expired", "waiting") : app.days === null ? "" : pill(`paid for ${app.days} days`)];
}

function hears(app) {
  if (!app.active || !app.installed) return "It hears no events until it is installed.";
  if (app.expired) return "No event leaves the portal for it, and its tokens are not renewed.";
  return app.handler ? "It hears its events."
    : "It counts as installed, without a handler: it hears the events that it binds itself.";
}

const number = (id, value, title) => h("label", {class: "field short"}, h("span", {}, title), h("input", {id, type: "number", min: "1", step: "1", defaultValue: String(value), required: true}));
const address = (id, value, title) => h("label", {class: "field"}, h("span", {}, title),
  h("input", {id, type: "url", defaultValue: value ?? "", placeholder: "none", autocomplete: "off", spellcheck: false}));

function installing(app, setup) {
  return [address("install-url", app.install_page ?? setup.install_url, "Installation address of the bot"),
    h("label", {class: "check"}, h("input", {id: "install-page", type: "checkbox", defaultChecked: Boolean(app.install_page)}), h("span", {}, "by its page"))];
}

const line = (name, fields, submit, ...buttons) => h("form", {class: "inline-form", "aria-label": name,
  onsubmit: event => { event.preventDefault(); submit(); }}, ...fields, ...buttons);

async function install() {
  if (await act("/page/install", {url: byId("install-url").value, by_page: byId("install-page").checked})) toast("Installed.");
}

async function uninstall(clean) {
  if (await act("/page/app", {act: "uninstall", clean})) toast("Uninstalled. Its bots, handlers and tokens are gone.");
}
