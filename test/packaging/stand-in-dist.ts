/**
 * A folder that electron-builder takes for Electron. Its executable carries a fuse wire like the real one's; on Linux it
 * also runs the packed app, on the stand-in.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export type PackedPlatform = 'linux' | 'win' | 'mac'

const top = path.resolve(import.meta.dirname, '../..')
/** Sentinel, version 1, nine fuses in the state in which Electron delivers them. */
const wire = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, 9]),
  Buffer.from('101100011'),
  Buffer.from('\n'),
])

function put(file: string, data: string | Buffer, mode = 0o644): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, data)
  chmodSync(file, mode)
}

/** Fills `folder`, and returns it. */
export function makeStandInDist(folder: string, platform: PackedPlatform): string {
  const { version } = JSON.parse(readFileSync(path.join(top, 'node_modules/electron/package.json'), 'utf8'))
  put(path.join(folder, 'version'), version)
  put(path.join(folder, 'LICENSE'), 'stand-in')
  put(path.join(folder, 'LICENSES.chromium.html'), 'stand-in')
  mkdirSync(path.join(folder, 'resources'), { recursive: true })
  makers[platform](folder)
  return folder
}

const makers: Readonly<Record<PackedPlatform, (folder: string) => void>> = {
  linux(folder) {
    put(path.join(folder, 'locales/en-US.pak'), '')
    put(path.join(folder, 'chrome-sandbox'), 'stand-in')
    put(path.join(folder, 'electron'), Buffer.concat([Buffer.from(launcher()), wire]), 0o755)
  },
  win(folder) {
    put(path.join(folder, 'locales/en-US.pak'), '')
    // Any small program of Windows will do: electron-builder rewrites its resources.
    const program = readFileSync(path.join(top, 'node_modules/node-notifier/vendor/notifu/notifu64.exe'))
    put(path.join(folder, 'electron.exe'), Buffer.concat([program, wire]))
  },
  mac(folder) {
    const contents = path.join(folder, 'Electron.app/Contents')
    put(path.join(contents, 'MacOS/Electron'), '#!/bin/sh\n', 0o755)
    const keys = { CFBundleExecutable: 'Electron', CFBundleName: 'Electron', CFBundleIconFile: 'electron.icns' }
    put(path.join(contents, 'Info.plist'), plist(keys))
    put(path.join(contents, 'Resources/electron.icns'), '')
    put(path.join(contents, 'Frameworks/Electron Framework.framework/Electron Framework'), wire)
    for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
      const helper = `Electron Helper${kind}`
      const within = path.join(contents, `Frameworks/${helper}.app/Contents`)
      put(path.join(within, 'MacOS', helper), 'x', 0o755)
      put(path.join(within, 'Info.plist'), plist({ CFBundleExecutable: helper, CFBundleName: 'Electron' }))
    }
  },
}

function launcher(): string {
  const double = path.join(top, 'test/electron-double')
  return [
    '#!/bin/sh',
    'here=$(dirname "$(readlink -f "$0")")',
    'inspect=""; for a in "$@"; do case "$a" in --inspect*) inspect="$a";; esac; done',
    `ELECTRON_DOUBLE_RESOURCES="$here/resources" exec "${path.join(top, 'node_modules/node/bin/node')}" $inspect \\`,
    `  --disable-warning=ExperimentalWarning --import "${double}/register.ts" "${double}/boot.ts" "$@"`,
    'exit 1',
    '# fuse wire: ',
  ].join('\n')
}

function plist(keys: Readonly<Record<string, string>>): string {
  const entries = Object.entries(keys).map(([key, value]) => `<key>${key}</key><string>${value}</string>`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>${entries.join('')}</dict></plist>
`
}
