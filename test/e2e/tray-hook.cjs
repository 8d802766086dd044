// Loaded with -r before the app, by the real Electron and by the stand-in alike: a spec reaches the tray and the engine's
// thread without any test code in the app.
const { Worker } = require('node:worker_threads')
const { Tray } = require('electron')

globalThis.workers = new Set()
const on = Worker.prototype.on
Worker.prototype.on = function (...args) {
  globalThis.workers.add(this)
  return on.apply(this, args)
}

const setContextMenu = Tray.prototype.setContextMenu
Tray.prototype.setContextMenu = function (menu) {
  globalThis.trayMenu = menu
  return setContextMenu.call(this, menu)
}

// Which icon was shown, by the file that it came from.
const { nativeImage } = require('electron')
globalThis.trayImages = []
const files = new WeakMap()
const createFromPath = nativeImage.createFromPath
nativeImage.createFromPath = file => {
  const image = createFromPath.call(nativeImage, file)
  files.set(image, file)
  return image
}
const setImage = Tray.prototype.setImage
Tray.prototype.setImage = function (image) {
  globalThis.trayImages.push(files.get(image) ?? '')
  return setImage.call(this, image)
}
