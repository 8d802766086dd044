// Loaded with -r before the measured app: tells the benchmark, over the process's own channel, what happened when, how long
// the main thread kept others waiting, and what it weighs. Costs a timer of its own and nothing else.
const { monitorEventLoopDelay } = require('node:perf_hooks')
const electron = require('electron')

const resolutionMs = 1
const delay = monitorEventLoopDelay({ resolution: resolutionMs })
const told = new Set()
const tell = (what, value) => process.send?.({ what, atMs: Date.now(), value })
const once = (what, value) => {
  if (told.has(what)) return
  told.add(what)
  tell(what, value)
}
const delays = () => ({
  p99Ms: Math.max(0, delay.percentile(99) / 1e6 - resolutionMs),
  maxMs: Math.max(0, delay.max / 1e6 - resolutionMs),
  samples: delay.count,
})

/** Rows on the page, as often as it costs nothing that matters. */
function watchPage() {
  const timer = setInterval(async () => {
    const [window] = electron.BrowserWindow.getAllWindows()
    const rows = 'document.querySelectorAll("[role=row]").length'
    const seen = await window?.webContents.executeJavaScript(rows).catch(() => 0)
    if (seen > 1) {
      clearInterval(timer)
      once('page')
    }
  }, 25)
  timer.unref()
}

const { setContextMenu } = electron.Tray.prototype
electron.Tray.prototype.setContextMenu = function (menu) {
  once('tray')
  // From then on: what loading the app takes is told as the time to the tray.
  setImmediate(() => {
    // What the stand-in's connection to its browser loads, 200 ms of it, is no work of the app's.
    void globalThis.WebSocket
    delay.enable()
  })
  const label = menu?.items[0]?.label ?? ''
  if (!/^Starting/.test(label) && !told.has('started')) {
    // The engine has begun: what starting cost is told apart from what its work costs.
    once('started', delays())
    delay.reset()
  }
  if (/^[\d,]+ sessions?/.test(label)) once('rows')
  return setContextMenu.call(this, menu)
}
const files = new WeakMap()
const { createFromPath } = electron.nativeImage
electron.nativeImage.createFromPath = file => {
  const image = createFromPath.call(electron.nativeImage, file)
  files.set(image, file)
  return image
}
let wasCheckpointing = false
const { setImage } = electron.Tray.prototype
electron.Tray.prototype.setImage = function (image) {
  const isCheckpointing = /checkpointing/.test(files.get(image) ?? '')
  if (isCheckpointing) once('checkpointing', delays())
  else if (wasCheckpointing) once('cycle', delays())
  wasCheckpointing = isCheckpointing
  return setImage.call(this, image)
}

process.on('message', order => {
  if (order === 'memory') {
    globalThis.gc?.()
    tell('memory', process.memoryUsage.rss())
  } else if (order === 'delays') tell('delays', delays())
  else if (order === 'quit') electron.app.quit()
})
process.channel?.unref()
if (process.env['PROBE_PAGE'] === '1') watchPage()
