/**
 * Gives the page one pipe to the monitor and nothing else of Electron.
 *
 * Messages are JSON text: a text crosses the context bridge at once, an object would be copied value by value.
 */
import { contextBridge, ipcRenderer } from 'electron'
import { monitorChannel } from './channel.ts'

contextBridge.exposeInMainWorld('monitorBridge', {
  send: (text: string) => ipcRenderer.send(monitorChannel, text),
  onMessage: (listener: (text: string) => void) => {
    const receive = (_event: unknown, text: string) => listener(text)
    ipcRenderer.on(monitorChannel, receive)
    return () => {
      ipcRenderer.off(monitorChannel, receive)
    }
  },
})
