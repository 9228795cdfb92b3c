// The bots of the portal: whose they are, whether their handlers answer, and their removal.

import {byId, clock, h} from "/page/asset/dom.js";
import {act, toast} from "/page/asset/portal.js";

export function drawBots(bots) {
  const box = byId("portal-bots"), look = JSON.stringify(bots);
  if (box.look === look) return;
  box.look = look;
  box.replaceChildren(h("h3", {}, "Bots"), bots.length ? h("ul", {class: "rows"}, ...bots.map(row))
    : h("p", {}, "No bot is registered yet. Start one with either command below; it registers itself."));
}

function row(bot) {
  const words = [bot.lines ? "open lines" : "no open lines", `by ${bot.by}`, bot.fetch ? "fetches events" : "hears by callback"];
  return h("li", {class: "bot", "data-bot": bot.id},
    h("div", {class: "about"},
      h("div", {class: "line"}, h("b", {}, bot.name), h("code", {class: "faint", title: "Code"}, bot.code),
        ...words.map(word => h("span", {class: "tag"}, word))),
      bot.silent ? h("div", {class: "silent"}, `Not answering since ${clock(bot.silent.since)}: ${bot.silent.why}`)
        : h("small", {}, bot.handlers.join(", "))),
    h("button", {type: "button", class: "danger", "aria-label": `Remove the bot ${bot.name}`, onclick: event => remove(event.currentTarget, bot)}, "Remove"));
}

/// A second click is the answer to "really?".
async function remove(button, bot) {
  if (!button.armed) {
    button.armed = true;
    button.textContent = "Really remove?";
    button.classList.add("armed");
    button.addEventListener("blur", () => {
      button.armed = false;
      button.textContent = "Remove";
      button.classList.remove("armed");
    }, {once: true});
    return;
  }
  if (await act("/page/bot", {id: bot.id})) toast(`${bot.name} is removed; its code is free. Its open dialogs wait for an operator.`);
}
