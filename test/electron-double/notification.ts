/** `Notification`: keeps what was shown. Nothing appears on any screen; a test plays the user. */
import { EventEmitter } from 'node:events'
import { control } from './control.ts'

export interface NotificationOptions {
  readonly title?: string
  readonly body?: string
  readonly [other: string]: unknown
}

export class Notification extends EventEmitter {
  readonly title: string
  readonly body: string

  constructor(options: NotificationOptions = {}) {
    super()
    this.title = options.title ?? ''
    this.body = options.body ?? ''
  }
  static isSupported(): boolean {
    return control.supportsNotifications
  }
  show(): void {
    control.notifications.push(this)
  }
  close(): void {
    this.emit('close', {})
  }
}
