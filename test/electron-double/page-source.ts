/**
 * Source text for every page: one half for the page's own world, one for the isolated world of the preload
 * (that is `contextIsolation`). They talk through DOM events whose names only they know.
 *
 * Text, because it runs in the browser. Functions and promises cross the context bridge, values are cloned.
 */
import { makeCodec } from './codec.ts'

/** One end of the context bridge: calls functions of the other end by number. */
const bridgeEnd = `
const makeCodec = ${makeCodec.toString()};
function makeBridgeEnd(secret, mine, other) {
  const functions = new Map(), settling = new Map();
  let lastId = 0, returned;
  const { encode, decode } = makeCodec(
    (value) => { functions.set(++lastId, value); return lastId; },
    (id) => (...args) => call(id, args));
  const emit = (type, message) => window.dispatchEvent(new CustomEvent(secret + other + type, { detail: JSON.stringify(message) }));
  const on = (type, listener) => window.addEventListener(secret + mine + type, (event) => listener(JSON.parse(event.detail)));
  const asError = (thrown) => encode(thrown instanceof Error ? thrown : new Error(String(thrown)));
  const run = (message) => {
    const value = functions.get(message.id)(...message.args.map(decode));
    if (!value || typeof value.then !== 'function') return { value: encode(value) };
    const promise = ++lastId;
    value.then((result) => emit('settle', { promise, value: encode(result) }), (thrown) => emit('settle', { promise, error: asError(thrown) }));
    return { promise };
  };
  on('call', (message) => {
    let answer;
    try { answer = run(message); } catch (thrown) { answer = { error: asError(thrown) }; }
    emit('return', answer);
  });
  on('return', (message) => { returned = message; });
  on('settle', ({ promise, value, error }) => {
    const { resolve, reject } = settling.get(promise);
    settling.delete(promise);
    if (error === undefined) resolve(decode(value)); else reject(decode(error));
  });
  function call(id, args) {
    const message = { id, args: args.map((argument) => encode(argument)) };
    returned = undefined;
    emit('call', message);
    const answer = returned;
    if (!answer) throw new Error('the context bridge is gone');
    if (answer.promise !== undefined) return new Promise((resolve, reject) => settling.set(answer.promise, { resolve, reject }));
    if (answer.error !== undefined) throw decode(answer.error);
    return decode(answer.value);
  }
  return { encode, decode, emit, on };
}`

/** Puts what the preload exposes on the page's window, frozen. */
export function mainWorldSource(secret: string): string {
  return `(() => {
  if (window !== window.top) return;
  ${bridgeEnd}
  const bridge = makeBridgeEnd(${JSON.stringify(secret)}, 'page', 'preload');
  const freeze = (value) => {
    if (value && typeof value === 'object') { Object.values(value).forEach(freeze); Object.freeze(value); }
    return value;
  };
  bridge.on('expose', ({ key, api }) =>
    Object.defineProperty(window, key, { value: freeze(bridge.decode(api)), enumerable: true, writable: false, configurable: false }));
  bridge.emit('hello', {});
  // Chromium cannot be told from outside to open no window, and one that is closed at once may take its opener along.
  const askToOpen = (url) => { bridge.emit('open-window', { url: String(new URL(url, document.baseURI)) }); return null; };
  window.open = (url = 'about:blank') => askToOpen(url);
  const onClick = (event) => {
    if (event.defaultPrevented) return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement && node.href !== '');
    const elsewhere = link && !['', '_self', '_top', '_parent'].includes(link.target);
    if (!elsewhere && !(link && (event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey))) return;
    event.preventDefault();
    askToOpen(link.href);
  };
  window.addEventListener('click', onClick);
  window.addEventListener('auxclick', onClick);
})();`
}

export interface PreloadFile {
  readonly file: string
  readonly code: string
}

/** Runs the preload with a `require` that knows `electron` only, as in a sandbox. */
export function isolatedWorldSource(secret: string, preload: PreloadFile | null, processInfo: object): string {
  return `(() => {
  if (window !== window.top) return;
  ${bridgeEnd}
  const bridge = makeBridgeEnd(${JSON.stringify(secret)}, 'preload', 'page');
  const plain = makeCodec(null, null);
  const post = (message) => globalThis.__electronDoubleSend(JSON.stringify(message));
  const listeners = new Map(), waiting = new Map();
  let lastId = 0;
  const listenersOf = (channel) => { if (!listeners.has(channel)) listeners.set(channel, []); return listeners.get(channel); };
  const ipcRenderer = {
    invoke: (channel, ...args) => new Promise((resolve, reject) => {
      const message = { kind: 'invoke', id: ++lastId, channel, args: args.map(plain.encode) };
      waiting.set(message.id, { resolve, reject });
      post(message);
    }),
    send: (channel, ...args) => post({ kind: 'send', channel, args: args.map(plain.encode) }),
    on: (channel, listener) => { listenersOf(channel).push(listener); return ipcRenderer; },
    removeListener: (channel, listener) => {
      const at = listenersOf(channel).indexOf(listener);
      if (at >= 0) listenersOf(channel).splice(at, 1);
      return ipcRenderer;
    },
  };
  ipcRenderer.off = ipcRenderer.removeListener;
  globalThis.__electronDoubleReceive = (message) => {
    if (message.kind === 'message') {
      for (const listener of [...listenersOf(message.channel)]) listener({ sender: ipcRenderer, ports: [] }, ...message.args.map(plain.decode));
      return;
    }
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error !== undefined) reject(new Error(message.error)); else resolve(plain.decode(message.value));
  };
  bridge.on('open-window', ({ url }) => post({ kind: 'open-window', url }));
  const exposed = new Map();
  bridge.on('hello', () => { for (const [key, api] of exposed) bridge.emit('expose', { key, api }); });
  const contextBridge = {
    exposeInMainWorld: (key, api) => {
      if (exposed.has(key)) throw new Error('Cannot bind an API on top of an existing property on the window object');
      exposed.set(key, bridge.encode(api));
      bridge.emit('expose', { key, api: exposed.get(key) });
    },
  };
  const require = (id) => {
    if (id === 'electron') return { contextBridge, ipcRenderer };
    throw new Error('module not found: ' + id);
  };
  const module = { exports: {} };
  const process = ${JSON.stringify(processInfo)};
  ${preload === null ? '' : guarded(preload)}
})();`
}

function guarded({ file, code }: PreloadFile): string {
  return `try { (function (require, module, exports, process) {
${code}
}).call(undefined, require, module, module.exports, process); }
  catch (error) { post({ kind: 'preload-error', file: ${JSON.stringify(file)}, message: String(error && error.stack || error) }); }`
}
