// Talking to the portal: questions, acts, and the news that something has changed.

import {byId} from "/page/asset/dom.js";

let fading;

/// Says something in passing.
export function toast(text, bad = false) {
  const box = byId("toast");
  box.textContent = text;
  box.classList.toggle("bad", bad);
  box.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, bad ? 6000 : 2500);
}

export async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/// Does something; false, and said aloud, when the portal refuses.
export async function act(path, body, method = "POST") {
  try {
    const answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : {"Content-Type": "application/json"},
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.ok) return true;
    toast(await answer.text(), true);
  } catch {
    toast("The portal does not answer.", true);
  }
  return false;
}

/// Calls `ask` now and whenever the portal says that something changed; one question at a time.
export function watch(ask) {
  const state = byId("link");
  let asking = false, again = false;
  const show = (name, text) => { state.dataset.state = name; state.textContent = text; };
  const refresh = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      do { again = false; await ask(); } while (again);
    } catch (error) {
      console.error(error);
      show("gone", "no answer");
    } finally {
      asking = false;
    }
  };
  const news = new EventSource("/page/live");
  news.onopen = () => { show("live", "live"); refresh(); };
  news.onmessage = refresh;
  news.onerror = () => show("gone", "stopped; waiting for it");
  refresh();
  return refresh;
}
