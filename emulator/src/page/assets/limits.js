// The limits: what is allowed, how much of it is used, and what calls cost.

import {byId, clock, h, reconcile} from "/page/asset/dom.js";
import {act} from "/page/asset/portal.js";

const KINDS = [["off", "No limit"], ["standard", "50, then 2 a second"], ["enterprise", "250, then 5 a second"], ["own", "Other"]];
const turn = body => act("/page/limit", body);
const number = (id, value, more = {}) => h("input", {type: "number", id, min: "0", step: "any", value, ...more});
const amount = id => Math.max(0, Number(byId(id).value) || 0);

let shown, since = 0;

export function drawLimits({limits}) {
  const box = byId("limits");
  if (!box.children.length) {
    box.append(...panel());
    // A bucket leaks all the time; the portal tells of it only when something happens.
    setInterval(() => { if (!box.hidden) levels(); }, 500);
  }
  shown = limits;
  since = performance.now();
  const {rate, operating} = limits;
  const kind = byId("rate-kind");
  if (document.activeElement !== kind) kind.value = rate.kind;
  byId("rate-own").hidden = kind.value !== "own";
  settle("rate-bucket", rate.bucket);
  settle("rate-leak", rate.per_second);
  settle("operating-limit", operating.limit ?? 0);
  levels();
  reconcile(byId("operating-costs"), operating.costs, one => one.method, one => h("li", {}, h("code", {}, one.method),
    h("small", {}, `${one.seconds} s a call`),
    h("button", {type: "button", class: "quiet", "aria-label": `End the cost of ${one.method}`, onclick: () => turn({limit: "cost", method: one.method, seconds: 0})}, "Remove")));
  reconcile(byId("operating-spent"), operating.spent, one => `${one.caller} ${one.method}`, one => h("li", {class: "meter-row"},
    h("div", {}, h("code", {}, one.method), h("small", {title: one.caller}, `${one.caller.replace(/^app .*/, "the application")}, free again at ${clock(one.resets_at)}`)),
    meter(one.seconds, operating.limit, `${trim(one.seconds)} of ${operating.limit === null ? "∞" : operating.limit} s`)));
  byId("operating-none").hidden = operating.spent.length > 0;
}

function settle(id, value) {
  const field = byId(id);
  if (document.activeElement !== field && value !== null && field.told !== value) field.value = field.told = value;
}

function levels() {
  const {rate} = shown, passed = (performance.now() - since) / 1000;
  const rows = rate.levels.map(({from, level}) => ({from, level: Math.max(0, level - passed * rate.per_second)}));
  byId("rate-levels").replaceChildren(...rows.map(({from, level}) => h("li", {class: "meter-row"}, h("code", {}, from),
    meter(level, rate.bucket, `${level.toFixed(1)} of ${rate.bucket}`))));
  byId("rate-none").textContent = rate.kind === "off" ? "Every request is taken." : rows.length ? "" : "No request has come yet.";
}

const trim = value => String(Math.round(value * 100) / 100);

function meter(value, most, text) {
  const part = most ? Math.min(1, value / most) : 0;
  return h("span", {class: `meter ${part > 0.8 ? "full" : ""}`},
    h("span", {class: "bar"}, h("i", {style: {width: `${Math.round(part * 100)}%`}})), h("span", {class: "amount"}, text));
}

function panel() {
  const own = () => turn({limit: "rate", kind: "own", bucket: amount("rate-bucket"), per_second: amount("rate-leak")});
  return [
    h("section", {}, h("h3", {}, "Rate limit"),
      h("p", {}, "Requests that one address may make. What does not fit answers 503 QUERY_LIMIT_EXCEEDED; a batch counts as one."),
      h("label", {class: "field"}, h("span", {}, "Bucket and leak"), h("select", {id: "rate-kind", onchange: event => {
        byId("rate-own").hidden = event.target.value !== "own";
        if (event.target.value === "own") own(); else turn({limit: "rate", kind: event.target.value});
      }}, ...KINDS.map(([value, text]) => h("option", {value}, text)))),
      h("form", {id: "rate-own", class: "inline-form", hidden: true, onsubmit: event => { event.preventDefault(); own(); }},
        h("label", {class: "field"}, h("span", {}, "Requests that fit"), number("rate-bucket", "50", {min: "1"})),
        h("label", {class: "field"}, h("span", {}, "Leak a second"), number("rate-leak", "2")), h("button", {}, "Set")),
      h("ul", {id: "rate-levels", class: "rows", "aria-label": "Level of each address"}), h("p", {id: "rate-none"})),
    h("section", {}, h("h3", {}, "Operating time"),
      h("p", {}, "Seconds that each method may use in ten minutes, for each application or webhook. Above it a call answers 429 OPERATION_TIME_LIMIT."),
      h("form", {class: "inline-form", onsubmit: event => {
        event.preventDefault();
        turn({limit: "operating", seconds: amount("operating-limit") || null});
      }}, h("label", {class: "field"}, h("span", {}, "Seconds in ten minutes, 0 for no limit"), number("operating-limit", "420")), h("button", {id: "set-operating"}, "Set")),
      h("form", {class: "inline-form", onsubmit: event => {
        event.preventDefault();
        turn({limit: "cost", method: byId("cost-method").value.trim() || "imbot.v2.chat.message.send", seconds: amount("cost-seconds")});
      }}, h("label", {class: "field"}, h("span", {}, "A call of"), h("input", {id: "cost-method", placeholder: "imbot.v2.chat.message.send", autocomplete: "off", spellcheck: false})),
        h("label", {class: "field short"}, h("span", {}, "Costs seconds"), number("cost-seconds", "30")), h("button", {id: "set-cost"}, "Set")),
      h("ul", {id: "operating-costs", class: "rows", "aria-label": "What calls cost"}),
      h("ul", {id: "operating-spent", class: "rows", "aria-label": "Operating time used"}),
      h("p", {id: "operating-none"}, "No operating time is used. Calls cost nothing unless you say so; hits of up to 0.1 s are not counted.")),
  ];
}
