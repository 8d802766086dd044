/** Entry point of the desktop app: one instance, then everything in `app-shell.ts`. */
import path from 'node:path'
import { app } from 'electron'
import { registerPageScheme } from './app-protocol.ts'
import { startApp } from './app-shell.ts'

/** As the installer names it; Windows shows notifications under it. */
export const appId = 'io.github.active-session-monitor'

registerPageScheme()
app.enableSandbox()
if (app.requestSingleInstanceLock()) {
  app.setAppUserModelId(appId)
  app.on('window-all-closed', () => {
    // A tray app stays.
  })
  app
    .whenReady()
    .then(async () => {
      app.dock?.hide()
      await startApp({ dist: path.join(app.getAppPath(), 'dist'), appId })
      // Tells `npm start` that the app came up.
      process.send?.('ready')
    })
    .catch(error => {
      console.error(`The app could not start: ${error}`)
      app.exit(1)
    })
} else {
  app.quit()
}
