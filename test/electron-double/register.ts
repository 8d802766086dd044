/**
 * Makes `electron` mean the stand-in for every module of this process: our bundle and packages, `import` and
 * `require` alike. Loaded with `--import` before anything else.
 */
import { registerHooks } from 'node:module'

const standIn = new URL('./index.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    /^electron(\/(main|common))?$/.test(specifier)
      ? { url: standIn, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})
