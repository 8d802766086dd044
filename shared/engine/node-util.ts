/** What is used of `node:util`. Imported by name it is loaded whole, which takes a tenth of a start. */
export const { isDeepStrictEqual, promisify } = process.getBuiltinModule('node:util')
