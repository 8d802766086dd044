/** The page's own icons: 16 × 16, drawn in the colour of the text around them. Each protection has a shape of its own. */
import type { ReactNode } from 'react'
import type { Protection } from '../shared/core/monitor-state.ts'

function Icon({ children }: { readonly children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
      {children}
    </svg>
  )
}

const shapes: Readonly<Record<Protection, ReactNode>> = {
  // An octagon with a cross.
  failing: (
    <>
      <path d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z" fill="currentColor" />
      <path d="m5.5 5.5 5 5m0-5-5 5" stroke="var(--surface)" strokeLinecap="round" />
    </>
  ),
  // A triangle with a mark.
  'at-risk': (
    <>
      <path d="M8 1.6 15 14H1z" fill="currentColor" strokeLinejoin="round" />
      <path d="M8 6v4m0 1.8v.4" stroke="var(--surface)" strokeLinecap="round" />
    </>
  ),
  // A half moon.
  changed: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" stroke="none" />
    </>
  ),
  // A shield with a tick.
  protected: (
    <>
      <path
        d="M8 1.2 13.8 3v5c0 3.6-2.6 5.8-5.8 6.9C4.800 13.800 2.200 11.600 2.200 8V3z"
        fill="currentColor"
        stroke="none"
      />
      <path d="m5.2 8 2 2.100 3.700-4.200" stroke="var(--surface)" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
  // A circle, crossed out.
  excluded: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M4 12 12 4" />
    </>
  ),
}

export function ProtectionIcon({ protection }: { readonly protection: Protection }) {
  return <Icon>{shapes[protection] ?? shapes.excluded}</Icon>
}

export function LevelIcon({ level }: { readonly level: 'info' | 'warn' | 'error' }) {
  if (level === 'error') return <Icon>{shapes.failing}</Icon>
  if (level === 'warn') return <Icon>{shapes['at-risk']}</Icon>
  return (
    <Icon>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M8 7.200v3.800M8 4.800v.4" strokeLinecap="round" />
    </Icon>
  )
}

const lines = {
  undo: 'M3 6h6a4 4 0 0 1 0 8H6M3 6l3-3M3 6l3 3',
  search: 'M7 2.200a4.800 4.800 0 1 0 0 9.600 4.800 4.800 0 0 0 0-9.600Zm3.600 8.400 3.200 3.200',
  close: 'm4 4 8 8m0-8-8 8',
  down: 'm4 6 4 4 4-4',
  up: 'm4 10 4-4 4 4',
  right: 'm6 4 4 4-4 4',
  left: 'm10 4-4 4 4 4',
  save: 'M8 2v8m0 0 3-3m-3 3L5 7M2.500 11v1.500a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V11',
  pause: 'M5.500 3v10m5-10v10',
  play: 'M5 3v10l8-5z',
  refresh: 'M13.500 8a5.500 5.500 0 1 1-1.600-3.900M13.500 2v3h-3',
  keyboard: 'M1.500 4h13v8h-13zM4 6.700h.5m2.200 0h.5m2.200 0h.5m2 0h.5M5 9.700h6',
  contrast: 'M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800Zm0 0v12.400',
  folder: 'M1.800 4v8.500h12.400V5.500H8L6.500 4z',
  terminal: 'M1.800 3h12.400v10H1.800zM4.500 6l2 2-2 2M8.500 10h3',
  editor: 'm6 5-3 3 3 3m4-6 3 3-3 3',
  copy: 'M5.500 5.500h8v8h-8zM3.500 10.500h-1v-8h8v1',
  restore: 'M2.500 8a5.500 5.500 0 1 0 1.600-3.900M2.500 2v3h3M8 5v3l2 1.500',
  history: 'M8 4.500V8l2.500 1.500M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800Z',
  dot: 'M8 7.500v1',
} as const

export type LineName = keyof typeof lines

/** @param name What it shows; the words beside it say what it means. */
export function LineIcon({ name }: { readonly name: LineName }) {
  return (
    <Icon>
      <path d={lines[name]} strokeLinecap="round" strokeLinejoin="round" />
    </Icon>
  )
}
