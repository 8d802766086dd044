/** Mantine's theme: our type, sizes and corners, and its colours mapped to our tokens (`styles/tokens.css`). */
import {
  Autocomplete,
  Button,
  type CSSVariablesResolver,
  createTheme,
  Kbd,
  Menu,
  Modal,
  Popover,
  Select,
  Tooltip,
} from '@mantine/core'

/** What opens stays in the part of the page that it belongs to: outside of all, a screen reader would not find it. */
const inPlace = { withinPortal: false } as const

export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: {
    xs: 'var(--text-xs)',
    sm: 'var(--text-sm)',
    md: 'var(--text-md)',
    lg: 'var(--text-lg)',
    xl: 'var(--text-xl)',
  },
  defaultRadius: 'var(--radius)',
  primaryColor: 'indigo',
  autoContrast: true,
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Button: Button.extend({ defaultProps: { size: 'sm', variant: 'default' } }),
    // The body never scrolls; locking it would add a style that our policy does not let in.
    Modal: Modal.extend({ defaultProps: { centered: true, lockScroll: false, transitionProps: { duration: 0 } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, transitionProps: { duration: 0 }, ...inPlace } }),
    Menu: Menu.extend({ defaultProps: { ...inPlace, withInitialFocusPlaceholder: false } }),
    Popover: Popover.extend({ defaultProps: inPlace }),
    Select: Select.extend({ defaultProps: { comboboxProps: inPlace } }),
    Autocomplete: Autocomplete.extend({ defaultProps: { comboboxProps: inPlace } }),
    Kbd: Kbd.extend({ defaultProps: { size: 'xs' } }),
  },
})

const colours = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--quiet)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-placeholder': 'var(--quiet)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-error': 'var(--failing)',
  '--mantine-color-disabled': 'var(--sunken)',
  '--mantine-color-disabled-color': 'var(--quiet)',
  '--mantine-color-disabled-border': 'var(--line)',
  '--mantine-primary-color-filled': 'var(--accent)',
  '--mantine-primary-color-filled-hover': 'var(--accent-hover)',
  '--mantine-primary-color-contrast': 'var(--on-accent)',
  '--mantine-primary-color-light': 'var(--accent-soft)',
  '--mantine-primary-color-light-hover': 'var(--accent-soft)',
  '--mantine-primary-color-light-color': 'var(--accent)',
  '--mantine-color-indigo-filled': 'var(--accent)',
  '--mantine-color-indigo-filled-hover': 'var(--accent-hover)',
  '--mantine-color-indigo-outline': 'var(--accent)',
  '--mantine-color-indigo-text': 'var(--accent)',
  '--mantine-color-gray-light-color': 'var(--text)',
  '--mantine-color-gray-light-hover': 'var(--hover)',
}

/** Mantine draws with our tokens, which know the scheme and the contrast. */
export const colourVariables: CSSVariablesResolver = () => ({ variables: {}, light: colours, dark: colours })
