/**
 * Desktop notifications through node-notifier, for every host. Texts come from the disk: what a program on the way
 * would take for markup, an option or an escape is made plain. Never throws and never rejects.
 *
 * Tells nothing back: on Linux no click comes through node-notifier. Where a click must open something, a host with
 * a screen has better means (`electron/notifications.ts`).
 */
import { cutText, printable } from '../core/format.ts'

export type Shown = { readonly ok: true } | { readonly ok: false; readonly message: string }

export interface NotificationText {
  readonly title: string
  /** May have several lines. */
  readonly body: string
}

/** For the picture beside the text. */
export type Tone = 'info' | 'trouble'

export interface DesktopNotifier {
  show(text: NotificationText, tone: Tone): Promise<Shown>
}

/** What stands between the text and the screen. */
export interface TextPath {
  readonly platform: NodeJS.Platform
  /** notify-send reads backslashes in the body as escapes. */
  readonly notifySend: boolean
}

export interface NotifierOptions {
  readonly platform: NodeJS.Platform
  readonly appName: string
  /** Windows shows the name and icon of the Start menu's entry with this id. */
  readonly appId: string
  /** An image file, or null for none. */
  readonly iconOf: (tone: Tone) => string | null
  /** Default: the package, loaded when first needed. */
  readonly load?: () => Promise<RawNotifier>
}

/** What is used of node-notifier. */
export interface RawNotifier {
  notify(options: Readonly<Record<string, unknown>>, callback: (error: unknown) => void): unknown
}

const titleCharacters = 120
const bodyCharacters = 1_000
/** A bus that does not answer is given up. Ms. */
const answerMs = 10_000
const zeroWidthSpace = '\u200b'

export function createDesktopNotifier(options: NotifierOptions): DesktopNotifier {
  const load = options.load ?? loadNodeNotifier
  return {
    async show(text, tone) {
      try {
        return await notify(await load(), options, text, tone)
      } catch (error) {
        return failed(error)
      }
    },
  }
}

function notify(
  notifier: RawNotifier,
  { platform, appName, appId, iconOf }: NotifierOptions,
  text: NotificationText,
  tone: Tone,
): Promise<Shown> {
  const icon = iconOf(tone)
  const plain = plainNotification(text, { platform, notifySend: platform === 'linux' })
  return new Promise<Shown>(resolve => {
    const timer = setTimeout(() => resolve(failed('the notification service does not answer')), answerMs)
    const done = (error: unknown) => {
      clearTimeout(timer)
      resolve(error ? failed(error) : { ok: true })
    }
    try {
      notifier.notify(
        {
          title: plain.title,
          message: plain.body,
          wait: false,
          sound: false,
          'app-name': appName,
          appID: appId,
          ...(icon === null ? {} : { icon }),
        },
        done,
      )
    } catch (error) {
      done(error)
    }
  })
}

/** The same text, so that it arrives as it was written. Never empty, one line but in the body, and bounded. */
export function plainNotification({ title, body }: NotificationText, path: TextPath): NotificationText {
  const lines = body.slice(0, 10 * bodyCharacters).split('\n')
  const plainBody = cutText(lines.map(plainLine).filter(Boolean).join('\n'), bodyCharacters)
  return {
    title: unlikeOption(cutText(plainLine(title.slice(0, 1_000)), titleCharacters)),
    body: unlikeOption(path.platform === 'linux' ? escapeBody(plainBody, path.notifySend) : plainBody),
  }
}

function plainLine(line: string): string {
  return printable(line.toWellFormed()).replace(/ {2,}/g, ' ').trim()
}

/** Linux's notification servers read the body as markup. */
function escapeBody(body: string, notifySend: boolean): string {
  const markup = body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return notifySend ? markup.replaceAll('\\', '\\\\') : markup
}

/** A first `-` would begin an option of a helper program, a bracket or quote a list (terminal-notifier). */
function unlikeOption(text: string): string {
  return /^[-[({"<]/.test(text) || text === '' ? `${zeroWidthSpace}${text}` : text
}

async function loadNodeNotifier(): Promise<RawNotifier> {
  const loaded = await import('node-notifier')
  return loaded.default as unknown as RawNotifier
}

function failed(error: unknown): Shown {
  const message = error instanceof Error ? error.message : String(error)
  return { ok: false, message: cutText(printable(message.slice(0, 1_000)).trim(), 300) }
}
