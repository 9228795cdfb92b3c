// Live events of an openlines application, for a page that a portal shows in a frame.
//
//   import { connect } from '/openlines/rt.js';
//   const live = connect();
//   live.on('order_paid', (params) => …);
//   live.onStatus((status) => …);   // connecting, open, waiting, unauthorised, closed
//
// Options: accessToken (a text, or a function that gives one), memberId, url, module. Without them the visit that the
// server put into the page counts. Events are news: read the state when the page opens and at every `open`.

const FRAME_BEGIN = '#!NGINXNMS!#';
const FRAME_END = '#!NGINXNME!#';
/// Pauses before the next try, by how many have failed in a row; the server asks for these.
const PAUSES = [100, 15_000, 45_000, 45_000, 45_000, 600_000, 600_000, 600_000, 600_000, 600_000, 3_600_000];
const CONNECTED_LONG = 20_000;
const SILENT_TOO_LONG = 20_000;
const KNOWN_MIDS = 200;
const LONGEST_TIMER = 2_147_483_647;
/// After these the addresses are asked for again: config replaced, channel or config expired, wrong channel.
const STALE_CODES = new Set([3000, 3001, 3003, 4010]);

/// What a text from the server holds: [{mid, body}].
export function frames(text) {
  const found = [];
  if (text.startsWith(FRAME_BEGIN)) {
    for (const part of text.split(FRAME_BEGIN).slice(1)) {
      const end = part.indexOf(FRAME_END);
      if (end >= 0) take(parsed(part.slice(0, end)));
    }
  } else {
    const value = parsed(text);
    for (const item of Array.isArray(value) ? value : [value]) take(item);
  }
  return found;

  function take(item) {
    if (!item || typeof item !== 'object') return;
    if (item.jsonrpc) {
      if (item.method !== 'incoming.message' || !item.params) return;
      const { mid, body, user_params: mine } = item.params;
      if (!body) return;
      found.push({ mid, ack: true, body: mine ? { ...body, params: { ...body.params, ...mine } } : body });
    } else if (item.text) {
      found.push({ mid: item.mid, body: item.text });
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/// Keeps the page connected until `close`.
export function connect(options = {}) {
  return new Connection(options);
}

class Connection {
  #options;
  #heard = new Map();
  #watchers = new Set();
  #status = 'connecting';
  #mid = null;
  #known = new Set();
  #failed = 0;
  #socketFailed = 0;
  #stop = null;
  #timer = null;
  #closed = false;

  constructor(options) {
    const visit = parsed(document.getElementById('openlines-visit')?.textContent ?? 'null') ?? {};
    this.#options = {
      url: new URL('rt', import.meta.url),
      module: 'application',
      ...options,
      memberId: options.memberId ?? visit.memberId,
      accessToken: options.accessToken ?? visit.accessToken,
    };
    addEventListener('online', this.#again);
    this.#begin(false);
  }

  /// Calls `listener` with the parameters of every event of this name; the answer takes it off again.
  on(command, listener) {
    const all = this.#heard.get(command) ?? new Set();
    this.#heard.set(command, all.add(listener));
    return () => all.delete(listener);
  }

  /// Calls `watcher` with the status, now and whenever it changes.
  onStatus(watcher) {
    this.#watchers.add(watcher);
    watcher(this.#status);
    return () => this.#watchers.delete(watcher);
  }

  get status() {
    return this.#status;
  }

  close() {
    this.#closed = true;
    removeEventListener('online', this.#again);
    clearTimeout(this.#timer);
    this.#stop?.();
    this.#become('closed');
  }

  #again = () => {
    if (this.#status === 'waiting') this.#begin(false);
  };

  #become(status) {
    if (this.#status === status) return;
    this.#status = status;
    for (const watcher of this.#watchers) watcher(status);
  }

  // Asks where to listen and listens there. One attempt: whatever ends it leads to `#later`.
  async #begin(fresh, renewed = false) {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#become('connecting');
    let answer;
    try {
      answer = await this.#ask(fresh);
    } catch {
      return this.#later(fresh);
    }
    if (this.#closed) return;
    if (answer.status === 401 || answer.status === 404) {
      // Once more with a token of now, where there is a way to get one.
      if (answer.status === 401 && !renewed && (await this.#renew())) return this.#begin(true, true);
      return this.#become('unauthorised');
    }
    if (!answer.ok) return this.#later(fresh, Number(answer.headers.get('Retry-After')) * 1000);
    let where;
    try {
      where = await answer.json();
    } catch {
      return this.#later(fresh);
    }
    if (this.#closed) return;
    const over = Math.min(where.expires * 1000 - Date.now() - Math.random() * 30_000, LONGEST_TIMER);
    const expiry = setTimeout(() => this.#stop?.(3001), Math.max(over, 1_000));
    const begun = Date.now();
    const polls = !where.socket || (this.#socketFailed >= 2 && where.poll);
    const code = await (polls ? this.#poll(where) : this.#listen(where));
    clearTimeout(expiry);
    this.#stop = null;
    if (this.#closed) return;
    if (Date.now() - begun > CONNECTED_LONG) this.#failed = 0;
    if (code === 3003) return this.#wait(10_000 + Math.random() * 110_000, true);
    if (code === 3002) return this.#wait(15_000 + Math.random() * 5_000, false);
    this.#later(STALE_CODES.has(code));
  }

  #ask(fresh) {
    const url = new URL(this.#options.url, location.href);
    url.searchParams.set('member_id', this.#options.memberId ?? '');
    if (fresh) url.searchParams.set('fresh', '1');
    const given = this.#options.accessToken;
    return Promise.resolve(typeof given === 'function' ? given() : given).then((token) =>
      fetch(url, { headers: { Authorization: `Bearer ${token ?? ''}` }, cache: 'no-store' }),
    );
  }

  // The portal's frame library, where the page has it, renews the user's token.
  #renew() {
    if (typeof this.#options.accessToken === 'function') return true;
    const library = globalThis.BX24;
    if (!library?.refreshAuth) return false;
    return new Promise((done) => {
      library.refreshAuth((auth) => {
        if (auth?.access_token) this.#options.accessToken = auth.access_token;
        done(Boolean(auth?.access_token));
      });
    });
  }

  #later(fresh, atLeast = 0) {
    const pause = PAUSES[Math.min(this.#failed, PAUSES.length - 1)];
    this.#failed += 1;
    this.#wait(Math.max(pause * (1 + Math.random() / 4), atLeast || 0), fresh);
  }

  #wait(pause, fresh) {
    if (this.#closed) return;
    this.#become('waiting');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(fresh), pause);
  }

  #address(where, base) {
    const url = new URL(base);
    for (const [name, value] of Object.entries(where.query)) url.searchParams.set(name, value);
    if (this.#mid !== null) url.searchParams.set('mid', this.#mid);
    return url;
  }

  // Resolves with the code by which the socket ended.
  #listen(where) {
    return new Promise((ended) => {
      const socket = new WebSocket(this.#address(where, where.socket));
      let silence = null;
      let end = null;
      const done = (code) => {
        clearTimeout(silence);
        ended(end ?? code);
      };
      this.#stop = (code = 1000) => {
        end = code;
        socket.close(1000);
      };
      const alive = () => {
        // Only servers with acknowledgements say regularly that they live.
        if (where.version < 5) return;
        clearTimeout(silence);
        silence = setTimeout(() => this.#stop(3005), SILENT_TOO_LONG);
      };
      socket.onopen = () => {
        this.#socketFailed = 0;
        this.#become('open');
        alive();
      };
      socket.onmessage = ({ data }) => {
        alive();
        if (data === 'ping') return socket.send('pong');
        if (typeof data !== 'string') return;
        const control = this.#take(data, (mid) => socket.send(`mack:${mid}`));
        if (control) this.#stop(control);
      };
      socket.onclose = ({ code }) => {
        if (this.#status !== 'open') this.#socketFailed += 1;
        done(code);
      };
    });
  }

  // Resolves with a code as a socket would have it.
  async #poll(where) {
    const aborting = new AbortController();
    let end = null;
    this.#stop = (code = 1000) => {
      end = code;
      aborting.abort();
    };
    for (;;) {
      let answer;
      try {
        answer = await fetch(this.#address(where, where.poll), { signal: aborting.signal, cache: 'no-store' });
        if (answer.status === 304) {
          this.#mid = answer.headers.get('Last-Message-Id') ?? this.#mid;
        } else if (!answer.ok) {
          return answer.status === 400 || answer.status === 403 ? 4010 : 1006;
        } else {
          const text = await answer.text();
          if (text === '') this.#mid = null;
          const control = this.#take(text, () => {});
          if (control) return control;
        }
      } catch {
        return end ?? 1006;
      }
      this.#become('open');
    }
  }

  // Hands out what a text holds; the answer is the code that a control message amounts to.
  #take(text, acknowledge) {
    let control = null;
    for (const { mid, body, ack } of frames(text)) {
      if (mid !== undefined && mid !== null) {
        if (ack) acknowledge(mid);
        if (this.#known.has(mid)) continue;
        this.#known.add(mid);
        if (this.#known.size > KNOWN_MIDS) this.#known.delete(this.#known.values().next().value);
        this.#mid = mid;
      }
      this.#failed = 0;
      if (body.module_id === 'pull') {
        control ??= { channel_expire: 3001, config_expire: 3003, server_restart: 3002 }[body.command] ?? null;
      } else if (body.module_id === this.#options.module) {
        for (const listener of this.#heard.get(body.command) ?? []) {
          try {
            listener(body.params, body);
          } catch (error) {
            // One listener's fault keeps nothing from the others.
            console.error(error);
          }
        }
      }
    }
    return control;
  }
}
