/** The words of the settings view, in English. */
export const settingsEn = {
  title: 'Settings',
  placeholder: 'The settings appear here.',
} as const
