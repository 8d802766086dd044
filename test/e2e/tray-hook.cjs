// Loaded with -r before the app, by the real Electron and by the stand-in alike: a spec reaches the tray without any
// test code in the app.
const { Tray } = require('electron')

const setContextMenu = Tray.prototype.setContextMenu
Tray.prototype.setContextMenu = function (menu) {
  globalThis.trayMenu = menu
  return setContextMenu.call(this, menu)
}
