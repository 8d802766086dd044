/**
 * What the installers hold. Everything is an allow-list: nothing gets in by lying around.
 *
 * A platform's own `files` would start from "everything" again, so each repeats the list. The threads' files lie
 * outside the archive, where a worker can be started from, and so do the helper programs of node-notifier.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Configuration } from 'electron-builder'

const top = path.resolve(import.meta.dirname, '..')
const vendor = 'node_modules/node-notifier/vendor'
const files = ['dist/main/**', 'dist/preload/**', 'dist/renderer/**', 'package.json', '!**/*.map', '!**/*.d.ts']
/** Drawn and collected by `build/package.ts`. */
const icons = 'dist/installer'

/** electron-builder's own script with a link for the command line. */
function scriptWith(template: string, added: string): string {
  const builder = path.dirname(createRequire(import.meta.url).resolve('app-builder-lib/package.json'))
  const own = readFileSync(path.join(builder, 'templates/linux', template), 'utf8')
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'session-monitor-deb-')), template)
  writeFileSync(file, `${own}\n\n${added}\n`)
  return file
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: electron-builder fills it in
const commandLine = "'/opt/${sanitizedProductName}/resources/bin/session-monitor'"

const config: Configuration = {
  appId: 'io.github.active-session-monitor',
  productName: 'Active Session Monitor',
  copyright: 'MIT licence',
  // A .deb must name both. Nothing is published yet; whoever publishes puts a real place here.
  extraMetadata: {
    homepage: 'https://example.com/active-session-monitor',
    author: 'Active Session Monitor contributors',
  },
  directories: { output: 'release', buildResources: 'build/installer' },
  files,
  extraResources: [
    { from: 'dist/cli', to: 'cli', filter: ['**/*.{js,cjs,json}'] },
    { from: 'build/installer/bin', to: 'bin' },
    { from: 'dist/installer/third-party-licences.txt', to: 'third-party-licences.txt' },
    { from: 'LICENSE', to: 'LICENSE.txt' },
  ],
  asar: true,
  asarUnpack: ['dist/main/*.js', '!dist/main/main.js', 'dist/main/{app,failing-32@2x}.png', `${vendor}/**`],
  npmRebuild: false, // there is no native module
  publish: null,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: electron-builder fills it in
  artifactName: '${name}-${version}-${os}-${arch}.${ext}',
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: false, // there is no cookie, and on macOS it would ask for the keychain
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  win: { target: ['nsis'], icon: `${icons}/icon.ico`, files: [...files, `!${vendor}/mac.noindex/**`] },
  nsis: {
    oneClick: false,
    perMachine: false,
    allowToChangeInstallationDirectory: true,
    deleteAppDataOnUninstall: false,
    include: 'build/installer/installer.nsh',
  },
  mac: {
    target: ['dmg', 'zip'],
    icon: `${icons}/icon.icns`,
    category: 'public.app-category.developer-tools',
    hardenedRuntime: true,
    entitlements: 'build/installer/entitlements.mac.plist',
    entitlementsInherit: 'build/installer/entitlements.mac.plist',
    gatekeeperAssess: false,
    extendInfo: { LSUIElement: true },
    files: [...files, `!${vendor}/{notifu,snoreToast}/**`],
  },
  linux: {
    target: ['AppImage', 'deb', 'tar.gz'],
    icon: `${icons}/icon.png`,
    category: 'Development',
    executableName: 'active-session-monitor',
    syncDesktopName: true,
    maintainer: 'Active Session Monitor contributors <noreply@example.com>',
    synopsis: 'Checkpoints every Claude Code session',
    desktop: { entry: { Keywords: 'claude;session;checkpoint;backup;tray;', StartupNotify: 'false' } },
    files: [...files, `!${vendor}/**`], // notify-send is the system's
  },
  deb: {
    depends: ['libgtk-3-0', 'libnotify4', 'libnss3', 'libxss1', 'libxtst6', 'xdg-utils', 'libatspi2.0-0', 'libuuid1'],
    recommends: ['git', 'libnotify-bin', 'libayatana-appindicator3-1', 'nodejs'],
    afterInstall: scriptWith('after-install.tpl', `ln -sf ${commandLine} /usr/bin/session-monitor`),
    afterRemove: scriptWith(
      'after-remove.tpl',
      // On an upgrade the new version has made the link already.
      'if [ "$1" = remove ] || [ "$1" = purge ]; then rm -f /usr/bin/session-monitor; fi',
    ),
  },
  ...(process.env['ELECTRON_DIST'] ? { electronDist: path.resolve(top, process.env['ELECTRON_DIST']) } : {}),
}

export default config
