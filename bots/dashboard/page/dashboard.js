// The supervisor's page. What clients write is hostile: it goes into the page as text, never as markup.
import { connect } from '../openlines/rt.js';

/// How often the page asks: while it is told of changes, in case one was lost; and while it is not.
const WHILE_LIVE = 10_000;
const WHILE_POLLING = 3_000;
const NEWS_KEPT = 60;
const CHANNELS = {
  livechat: 'Website', telegrambot: 'Telegram', whatsapp: 'WhatsApp', whatsappbytwilio: 'WhatsApp', viber: 'Viber',
  facebook: 'Facebook', fbinstagramdirect: 'Instagram', vkgroup: 'VK', avito: 'Avito', network: 'Network',
};

const $ = (id) => document.getElementById(id);
const visit = JSON.parse($('openlines-visit')?.textContent ?? 'null');
/// By chat: what is known of a dialog, and its row in the table.
const dialogs = new Map();
/// By chat, also of dialogs that are over.
const clients = new Map();
const marks = new Map();
let life = null;
let rev = null;
let you = 0;
let late = 60_000;
/// By how much the server's clock is ahead.
let ahead = 0;
let lowMarks = 0;
let timer = 0;
let live = null;

// ---- the user's token, which the portal's page renews by the hour

let token = visit?.accessToken ?? '';
let renewing = null;

function renew() {
  renewing ??= new Promise((done) => {
    const sid = new URLSearchParams(location.search).get('APP_SID');
    if (!sid || parent === window) return done(false);
    const name = `dashboard${Date.now()}`;
    const finish = (fresh) => {
      removeEventListener('message', heard);
      clearTimeout(patience);
      token = fresh ?? token;
      done(Boolean(fresh));
    };
    const heard = ({ source, data }) => {
      if (source !== parent || typeof data !== 'string' || !data.startsWith(`${name}:`)) return;
      try {
        finish(JSON.parse(data.slice(name.length + 1)).AUTH_ID);
      } catch {
        finish();
      }
    };
    const patience = setTimeout(finish, 10_000);
    addEventListener('message', heard);
    parent.postMessage(`refreshAuth::${name}:${sid}`, '*');
  }).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function ask(path, init = {}, again = true) {
  const headers = { ...init.headers, Authorization: `Bearer ${token}` };
  const answer = await fetch(new URL(path, import.meta.url), { ...init, headers, cache: 'no-store' });
  if (answer.status === 401 && again && (await renew())) {
    if (live.status === 'unauthorised') listen();
    return ask(path, init, false);
  }
  return answer;
}

// ---- what the page knows

async function refresh() {
  clearTimeout(timer);
  try {
    const seen = life === null ? '' : `&life=${life}&rev=${rev}`;
    const answer = await ask(`news?member=${encodeURIComponent(visit.memberId)}${seen}`);
    const told = await answer.json();
    if (answer.ok) {
      you = told.you;
      late = told.late_seconds * 1000;
      $('board').hidden = false;
      $('refused').hidden = true;
      take(told.news);
      way();
    } else if (answer.status === 401 || answer.status === 403) {
      refuse(told.error);
      if (answer.status === 403) return;
    } else {
      way(told.error);
    }
  } catch {
    way('The bot cannot be reached; what is shown may be old.');
  }
  timer = setTimeout(refresh, isLive() ? WHILE_LIVE : WHILE_POLLING);
}

function refuse(why) {
  live?.close();
  forget();
  $('board').hidden = true;
  $('refused').hidden = false;
  $('why').textContent = why;
  way();
}

function forget() {
  for (const chat of [...dialogs.keys()]) remove(chat);
  $('news').replaceChildren();
  life = rev = null;
}

function take(news) {
  // Of another life of the program, or not what comes next: all of it is asked for.
  const follows = news.life === life && news.from !== null && news.from <= rev;
  if (!follows && news.from !== null) return refresh();
  if (news.life === life && news.rev <= rev) return;
  ahead = news.now - Date.now();
  const first = life === null;
  if (news.from === null) {
    const shown = new Set(news.dialogs.map((one) => one.chat));
    for (const chat of dialogs.keys()) if (!shown.has(chat)) over(chat);
  }
  if (news.life !== life) for (const { row } of dialogs.values()) row.made = Date.now();
  [life, rev] = [news.life, news.rev];
  for (const chat of news.gone) over(chat);
  if (first) past(news.dialogs);
  for (const one of news.dialogs) show(one, first);
  arrange();
}

/// What was said before the page was opened, in its order.
function past(all) {
  const said = all.flatMap((one) => one.lines.map((line) => ({ ...line, one })));
  said.sort((one, other) => one.at - other.at).forEach((line) => tellLine(line.one, line));
}

function nameOf(one) {
  return one.client || clients.get(one.chat) || `Dialog ${one.chat}`;
}

function botOf(one) {
  return one.bot || 'Bot';
}

function holderOf(one) {
  if (one.holder === 'bot') return botOf(one);
  if (one.holder === 'waiting') return 'Queue';
  if (one.operator === you) return 'You';
  return one.operator_name || (one.operator ? `User ${one.operator}` : 'An operator');
}

function show(one, quietly) {
  const before = dialogs.get(one.chat);
  clients.set(one.chat, nameOf(one));
  const row = before?.row ?? makeRow(one.chat);
  // Which bot it is becomes known a moment after its first word.
  if (!quietly && (one.bot || Date.now() - row.made > 3_000 || one.lines.every((line) => line.who === 'client'))) {
    const known = [...row.told];
    const newest = Math.max(0, ...known.map((line) => line.at));
    for (const line of one.lines) {
      const place = known.findIndex((other) => isSame(line, other));
      if (place >= 0) known.splice(place, 1);
      // The past has whole seconds, and notes that are no news.
      else if (!line.past || line.at > newest) tellLine(one, line);
    }
    row.told = one.lines;
  }
  if (quietly) row.told = one.lines;
  const holder = before?.one.holder ?? 'bot';
  if (holder !== one.holder || (one.holder === 'human' && before?.one.operator !== one.operator)) row.news = !quietly;
  // Who it is becomes known a moment later.
  if (row.news && (one.holder !== 'human' || one.operator === you || one.operator_name)) {
    row.news = false;
    tellHolder(one);
  }
  dialogs.set(one.chat, { one, row });
  fill(row, one);
}

/// Read from the past, a line has another moment than heard.
function isSame(one, other) {
  return one.who === other.who && one.text === other.text && Math.abs(one.at - other.at) < 5_000;
}

function over(chat) {
  if (!dialogs.has(chat)) return;
  tell('over', clients.get(chat), 'has no open dialog any more.');
  remove(chat);
}

function remove(chat) {
  dialogs.get(chat)?.row.line.remove();
  dialogs.delete(chat);
}

// ---- the table

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function makeRow(chat) {
  const line = element('tr');
  line.id = `chat${chat}`;
  const cell = (name, tag = 'td') => line.appendChild(element(tag, name));
  const row = { line, told: [], made: Date.now(), client: cell('client', 'th'), holder: cell('holder'), waits: cell('waits'), words: cell('words'), acts: cell('acts') };
  row.client.scope = 'row';
  row.name = row.client.appendChild(element('strong'));
  row.place = row.client.appendChild(element('small'));
  row.mark = row.client.appendChild(element('span', 'mark'));
  row.pill = row.holder.appendChild(element('span', 'pill'));
  row.take = button('Take over', () => press('take', chat, row));
  row.give = button('Return to the bot', () => press('return', chat, row));
  row.acts.append(row.take, row.give);
  return row;

  function button(text, act) {
    const made = element('button', '', text);
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  }
}

function fill(row, one) {
  const name = nameOf(one);
  row.name.textContent = name;
  const channel = CHANNELS[one.channel] ?? one.channel;
  row.place.textContent = [channel, one.line_name].filter(Boolean).join(' · ');
  row.line.dataset.holder = one.holder;
  row.pill.textContent = holderOf(one);
  row.take.setAttribute('aria-label', `Take over ${name}`);
  row.give.setAttribute('aria-label', `Return ${name} to the bot`);
  enable(row, one);
  row.words.replaceChildren(...one.lines.slice(-3).map((line) => {
    const said = element('p', line.who);
    said.append(element('b', '', speaker(one, line)), ' ', line.text || '(no text)');
    return said;
  }));
  showMark(one.chat);
  tick(row, one);
}

function enable(row, one) {
  const [mine, bots] = [one.holder === 'human' && one.operator === you, one.holder === 'bot'];
  // The focus does not fall out of the row.
  const lost = (mine && document.activeElement === row.take) || (bots && document.activeElement === row.give);
  row.take.hidden = mine;
  row.give.hidden = bots;
  if (lost) (mine ? row.give : row.take).focus();
}

function speaker(one, line) {
  if (line.who === 'client') return nameOf(one);
  if (line.who === 'operator') return line.name || holderOf(one);
  return line.who === 'withheld' ? `${botOf(one)} (not sent)` : botOf(one);
}

function time(span) {
  const seconds = Math.max(0, Math.floor(span / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, '0');
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function tick(row, one) {
  const waits = one.waits === null ? null : Date.now() + ahead - one.waits;
  row.waits.textContent = waits === null ? '–' : time(waits);
  row.line.dataset.late = waits !== null && waits > late ? 'yes' : 'no';
  return waits;
}

function tickAll() {
  let longest = null;
  for (const { one, row } of dialogs.values()) {
    const waits = tick(row, one);
    if (waits !== null) longest = Math.max(longest ?? 0, waits);
  }
  $('longest').textContent = longest === null ? '–' : time(longest);
  $('longest').dataset.late = longest !== null && longest > late ? 'yes' : 'no';
}

/// Who waits longest is first; the figures.
function arrange() {
  const sorted = [...dialogs.values()].sort(({ one }, { one: other }) =>
    (one.waits ?? Infinity) - (other.waits ?? Infinity) || one.chat - other.chat);
  const focus = document.activeElement;
  sorted.forEach(({ row }, place) => {
    if ($('dialogs').children[place] !== row.line) $('dialogs').insertBefore(row.line, $('dialogs').children[place] ?? null);
  });
  if (focus !== document.activeElement && focus.isConnected) focus.focus();
  const count = (holder) => sorted.filter(({ one }) => one.holder === holder).length;
  $('open').textContent = sorted.length;
  $('bots').textContent = count('bot');
  $('queue').textContent = count('waiting');
  $('people').textContent = count('human');
  $('none').hidden = sorted.length > 0;
  tickAll();
}

async function press(what, chat, row) {
  // Not disabled, which would lose the focus.
  if (row.line.ariaBusy === 'true') return;
  row.line.ariaBusy = 'true';
  $('trouble').hidden = true;
  try {
    const body = JSON.stringify({ member: visit.memberId, chat });
    const answer = await ask(what, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    if (!answer.ok) trouble((await answer.json()).error);
    if (!isLive()) refresh();
  } catch {
    trouble('The bot cannot be reached; nothing was done.');
  }
  row.line.ariaBusy = 'false';
}

function trouble(text) {
  $('trouble').textContent = text;
  $('trouble').hidden = false;
}

// ---- what happens

function tell(kind, who, text, at = Date.now() + ahead) {
  const item = element('li', kind);
  const moment = element('time', '', new Date(at - ahead).toLocaleTimeString([], { hour12: false }));
  item.append(moment, ' ', element('b', '', who), ' ', text);
  item.dataset.at = at;
  const older = [...$('news').children].find((other) => Number(other.dataset.at) <= at);
  $('news').insertBefore(item, older ?? null);
  while ($('news').children.length > NEWS_KEPT) $('news').lastChild.remove();
}

function tellLine(one, line) {
  const to = line.who === 'client' ? '' : ` → ${nameOf(one)}`;
  tell(line.who, `${speaker(one, line)}${to}`, line.text || '(no text)', line.at);
}

function tellHolder(one) {
  const now = { bot: `is with the bot again (${botOf(one)}).`, waiting: 'is handed over and waits for a person.' };
  const who = one.operator === you ? 'you' : holderOf(one);
  tell('handed', nameOf(one), now[one.holder] ?? `was taken over by ${who}.`);
}

/// Of the bot that asks for marks.
function marked({ dialog, mark, comment, low }) {
  const chat = Number(String(dialog).replace(/^chat/, ''));
  if (low) lowMarks += 1;
  $('low').textContent = lowMarks;
  marks.set(chat, { mark, low });
  showMark(chat);
  const words = comment ? `: “${comment}”` : '.';
  tell(low ? 'low' : 'marked', clients.get(chat) ?? `Dialog ${chat}`, `${low ? 'Low mark' : 'Mark'} ${mark}${words}`);
}

function showMark(chat) {
  const [row, given] = [dialogs.get(chat)?.row, marks.get(chat)];
  if (!row || !given) return;
  row.mark.textContent = `${given.low ? 'Low mark' : 'Mark'} ${given.mark}`;
  row.mark.dataset.low = given.low ? 'yes' : 'no';
}

// ---- how it is told

function isLive() {
  return live?.status === 'open';
}

function way(trouble) {
  const [kind, text] = !$('refused').hidden
    ? ['off', 'Not connected']
    : trouble
      ? ['off', trouble]
      : isLive()
        ? ['live', 'Live']
        : ['polling', `Polling every ${WHILE_POLLING / 1000} s: the live connection is down`];
  $('way').dataset.way = kind;
  if ($('way').textContent !== text) $('way').textContent = text;
}

function listen() {
  live?.close();
  live = connect({ memberId: visit.memberId, accessToken: () => token });
  live.on('dashboard.news', take);
  live.on('csat.mark', marked);
  live.onStatus((status) => {
    // Events are news about what is read now.
    if (live && status !== 'connecting' && status !== 'closed') refresh();
  });
}

if (visit) {
  listen();
  refresh();
  setInterval(tickAll, 1000);
} else {
  refuse('Open this page from the portal: it shows who looks.');
}
