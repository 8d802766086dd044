/**
 * What happens in the demo: five made-up projects and a dozen sessions such as people have. Data only.
 */
import type { TodoItem } from '../../shared/core/session.ts'
import type { RegistryEntry } from './registry-files.ts'

export interface DemoProject {
  readonly name: string
  readonly branch: string
  readonly pushed: boolean
  /** Tracked files, by path. */
  readonly files: Readonly<Record<string, string>>
  /** What lies there now instead: modified and untracked files. */
  readonly present: Readonly<Record<string, string>>
}

export interface DemoTurn {
  readonly prompt: string
  readonly reply: string
  /** Paths in the project that were edited. */
  readonly edits?: readonly string[]
  readonly commands?: readonly string[]
}

export interface DemoSession {
  readonly project: string
  readonly title: string
  /** `custom`: the user gave it. `ai`: the tool did. */
  readonly titledBy: 'custom' | 'ai'
  readonly model: 'claude-opus-5-5' | 'claude-sonnet-5-5' | 'claude-haiku-5-5' | 'claude-opus-4-6' | 'claude-sonnet-4-6'
  /** Context at the last reply, in percent of the window. */
  readonly contextPercent: number
  readonly idleMinutes: number
  readonly spanMinutes: number
  /** `ended`: not in the registry. `killed`: its process died. */
  readonly live: RegistryEntry['status'] | 'ended' | 'killed'
  readonly waitingFor?: string
  readonly turns: readonly DemoTurn[]
  readonly todos?: readonly TodoItem[]
  /** After this many turns the conversation was compacted. */
  readonly compactedAfter?: number
  readonly withSubAgent?: boolean
}

const done = (text: string): TodoItem => ({ text, status: 'completed' })
const doing = (text: string): TodoItem => ({ text, status: 'in_progress' })
const open = (text: string): TodoItem => ({ text, status: 'pending' })

export const demoProjects: readonly DemoProject[] = [
  {
    name: 'webshop',
    branch: 'feature/guest-checkout',
    pushed: false,
    files: {
      'README.md': '# webshop\n\nThe storefront. `npm run dev`, then http://localhost:3000.\n',
      'package.json':
        '{\n  "name": "webshop",\n  "private": true,\n  "scripts": { "dev": "vite", "test": "vitest run" }\n}\n',
      'src/checkout/checkout-page.tsx':
        'export function CheckoutPage({ user }: { user: User }) {\n  return <AddressForm user={user} />\n}\n',
      'src/checkout/address-form.tsx':
        'export function AddressForm({ user }: { user: User }) {\n  return <form>{user.name}</form>\n}\n',
      'src/cart/cart-store.ts': 'export const cart = createStore<Cart>({ items: [] })\n',
      'test/cart.test.ts':
        "it('adds an item', async () => {\n  await add('sku-1')\n  expect(cart.items).toHaveLength(1)\n})\n",
      '.gitignore': 'node_modules/\ndist/\n.env\n',
    },
    present: {
      'src/checkout/checkout-page.tsx':
        'export function CheckoutPage({ user }: { user: User | null }) {\n  return user === null ? <GuestForm /> : <AddressForm user={user} />\n}\n',
      'src/checkout/guest-form.tsx':
        'export function GuestForm() {\n  const [email, setEmail] = useState(\'\')\n  return <input type="email" value={email} onChange={e => setEmail(e.target.value)} />\n}\n',
      'src/checkout/guest-form.test.tsx':
        "it('asks a guest for an e-mail address only', () => {\n  render(<GuestForm />)\n  expect(screen.getByRole('textbox')).toBeVisible()\n})\n",
      'test/cart.test.ts':
        "it('adds an item', async () => {\n  await add('sku-1')\n  await settled()\n  expect(cart.items).toHaveLength(1)\n})\n",
    },
  },
  {
    name: 'weather-station',
    branch: 'main',
    pushed: true,
    files: {
      'README.md': '# Weather station\n\nReads wind, rain and temperature every ten seconds.\n',
      'station/wind.py': 'class WindSensor:\n    def read(self):\n        return self.port.readline()\n',
      'station/main.py': 'from station.wind import WindSensor\n\nif __name__ == "__main__":\n    WindSensor().read()\n',
      'docs/calibration.md': '# Calibration\n\nTo be written.\n',
    },
    present: {
      'station/wind.py':
        'class WindSensor:\n    def read(self):\n        if not self.port.is_open:\n            self.port.open()\n            self.port.reset_input_buffer()\n        return self.port.readline()\n',
      'scratch/replay-2026-11-20.csv': 'time,speed\n10:00:00,3.2\n10:00:10,0.0\n10:00:20,0.0\n',
    },
  },
  {
    name: 'invoice-cli',
    branch: 'fix/vat-rounding',
    pushed: false,
    files: {
      'go.mod': 'module example.invalid/invoice\n\ngo 1.24\n',
      'invoice/total.go':
        'package invoice\n\nfunc Total(lines []Line) Cents {\n\tvar sum Cents\n\tfor _, l := range lines {\n\t\tsum += l.Net\n\t}\n\treturn sum * 119 / 100\n}\n',
      'invoice/total_test.go': 'package invoice\n\nimport "testing"\n\nfunc TestTotal(t *testing.T) {}\n',
      'CHANGELOG.md': '# Changelog\n\n## 2.3\n',
    },
    present: {
      'invoice/total.go':
        'package invoice\n\nfunc Total(lines []Line) Cents {\n\tvar sum Cents\n\tfor _, l := range lines {\n\t\tsum += l.Net + roundHalfUp(l.Net, l.Rate)\n\t}\n\treturn sum\n}\n',
      'invoice/round.go':
        'package invoice\n\n// roundHalfUp returns the VAT of one line, as the tax office wants it.\nfunc roundHalfUp(net Cents, rate Rate) Cents {\n\treturn (net*Cents(rate) + 50) / 100\n}\n',
      'CHANGELOG.md': '# Changelog\n\n## 2.4\n\n- VAT is rounded per line.\n\n## 2.3\n',
    },
  },
  {
    name: 'family-photos',
    branch: 'main',
    pushed: true,
    files: {
      'README.md': '# Family photos\n\nA small gallery for the NAS.\n',
      'server/faces.js':
        'export async function indexFaces(folder) {\n  const photos = await readAll(folder)\n  return photos.map(detect)\n}\n',
      'server/thumbs.js': 'export const thumbnail = photo => sharp(photo).resize(320).jpeg()\n',
    },
    present: {
      'server/faces.js':
        'export async function* indexFaces(folder) {\n  for await (const photo of walk(folder)) {\n    yield detect(photo)\n  }\n}\n',
      'server/faces-cache.js': 'export const cache = new Map()\n',
      'notes/memory.md': 'Heap before: 3.1 GB. After streaming: 180 MB. Still climbs in `detect`.\n',
    },
  },
  {
    name: 'thesis',
    branch: 'main',
    pushed: false,
    files: {
      'main.tex': '\\documentclass{book}\n\\begin{document}\n\\include{chapters/methods}\n\\end{document}\n',
      'chapters/methods.tex': '\\chapter{Methods}\nWe asked forty households.\n',
      'library.bib':
        '@article{smith2019, title={Tides}, year={2019}}\n@article{smith2019b, title={Tides}, year={2019}}\n',
    },
    present: {
      'chapters/methods.tex':
        '\\chapter{Methods}\nWe asked forty households twice, in spring and in autumn, and weighed each answer by income.\n',
      'chapters/methods-old.tex': '\\chapter{Methods}\nWe asked forty households.\n',
      'figures/tides.csv': 'hour,height\n0,1.2\n6,4.8\n',
    },
  },
]

export const demoSessions: readonly DemoSession[] = [
  {
    project: 'webshop',
    title: 'Guest checkout without an account',
    titledBy: 'custom',
    model: 'claude-opus-5-5',
    contextPercent: 42,
    idleMinutes: 0.1,
    spanMinutes: 190,
    live: 'busy',
    withSubAgent: true,
    todos: [
      done('Guest form with e-mail only'),
      done('Tests for the guest form'),
      doing('Keep the cart when a guest signs up later'),
      open('Receipt e-mail for guests'),
    ],
    turns: [
      {
        prompt:
          'People drop out of the checkout because they have to make an account. Can we let them order as guests? Look at how checkout-page uses the user first and tell me what would break.',
        reply:
          'Three places assume a signed-in user: the address form, the order history link and the receipt e-mail. I suggest a GuestForm that asks for an e-mail address only.',
        commands: ['rg -n "user\\." src/checkout'],
      },
      {
        prompt: 'Good. Build the guest form, and write the tests before you wire it up.',
        reply: 'The form and its tests are there and pass. checkout-page shows it when nobody is signed in.',
        edits: ['src/checkout/guest-form.tsx', 'src/checkout/guest-form.test.tsx', 'src/checkout/checkout-page.tsx'],
        commands: ['npm test -- guest-form'],
      },
      {
        prompt: 'Now keep the cart when a guest signs up afterwards',
        reply: 'I am moving the cart to the new account in one transaction, so that a failed sign-up leaves it alone.',
        commands: ['npm test'],
      },
    ],
  },
  {
    project: 'webshop',
    title: 'Flaky cart test',
    titledBy: 'ai',
    model: 'claude-sonnet-4-6',
    contextPercent: 78,
    idleMinutes: 3,
    spanMinutes: 75,
    live: 'waiting',
    waitingFor: 'permission prompt',
    turns: [
      {
        prompt: 'test/cart.test.ts fails about one time in ten on CI, never here. Why?',
        reply:
          'add() resolves before the store has settled: the assertion races with the next tick. On CI the tick is slower.',
        commands: ['npm test -- cart --repeat 50'],
      },
      {
        prompt: 'Fix it without a sleep',
        reply: 'The test now waits for settled(), which the store resolves itself. 500 runs, no failure.',
        edits: ['test/cart.test.ts'],
        commands: ['npm test -- cart --repeat 500'],
      },
      {
        prompt: 'ok, push it',
        reply: 'I would like to run git push origin feature/guest-checkout.',
        commands: ['git push origin feature/guest-checkout'],
      },
    ],
  },
  {
    project: 'webshop',
    title: 'Upgrade to React 19',
    titledBy: 'custom',
    model: 'claude-opus-4-6',
    contextPercent: 61,
    idleMinutes: 26 * 60,
    spanMinutes: 300,
    live: 'idle',
    todos: [
      done('Upgrade the packages'),
      done('Replace forwardRef'),
      open('Check the payment widget'),
      open('Remove the old test renderer'),
    ],
    turns: [
      {
        prompt: 'Upgrade us to React 19. Do it in steps that each pass the tests.',
        reply: 'Step one is done: packages upgraded, 212 tests pass, two warnings about forwardRef remain.',
        edits: ['package.json'],
        commands: ['npm i react@19 react-dom@19', 'npm test'],
      },
      {
        prompt: 'Next step',
        reply:
          'forwardRef is gone from all eleven components. What is left is the payment widget, which pins React 18.',
        edits: ['src/checkout/address-form.tsx'],
        commands: ['rg -l forwardRef src', 'npm test'],
      },
    ],
  },
  {
    project: 'weather-station',
    title: 'Wind sensor reads 0 after reconnect',
    titledBy: 'ai',
    model: 'claude-sonnet-5-5',
    contextPercent: 31,
    idleMinutes: 45,
    spanMinutes: 120,
    live: 'idle',
    turns: [
      {
        prompt:
          'After the USB cable is unplugged and plugged in again the wind sensor reads 0 for ever. The log is in scratch/replay-2026-11-20.csv',
        reply:
          'The port reopens, but half a line stays in the input buffer, and every later line is read shifted by three bytes.',
        commands: ['python -m station.replay scratch/replay-2026-11-20.csv'],
      },
      {
        prompt: 'So flush the buffer on reopen?',
        reply:
          'Yes: open, then reset_input_buffer, then drop the first line, which may be cut. The replay now gives 3.2 again after one reading.',
        edits: ['station/wind.py'],
        commands: ['python -m pytest -q'],
      },
    ],
  },
  {
    project: 'weather-station',
    title: 'Write down how to calibrate the rain gauge',
    titledBy: 'ai',
    model: 'claude-haiku-5-5',
    contextPercent: 8,
    idleMinutes: 3 * 24 * 60,
    spanMinutes: 15,
    live: 'ended',
    turns: [
      {
        prompt: 'Turn my notes on calibrating the rain gauge into docs/calibration.md. Keep the numbers.',
        reply: 'Written: what you need, the five steps, and a table with your three measurements.',
        edits: ['docs/calibration.md'],
      },
    ],
  },
  {
    project: 'invoice-cli',
    title: 'VAT rounding per line',
    titledBy: 'custom',
    model: 'claude-opus-4-6',
    contextPercent: 67,
    idleMinutes: 52,
    spanMinutes: 140,
    live: 'killed',
    todos: [
      done('Find where totals are rounded'),
      done('Round per line'),
      doing('Table test with the accountant’s numbers'),
      open('Changelog'),
    ],
    turns: [
      {
        prompt: 'Our totals are one cent off compared with the accountant’s sheet, but only on some invoices',
        reply:
          'We round once, at the end; the sheet rounds the VAT of every line. With lines of 0.33 and 19 % that differs by a cent.',
        commands: ['go test ./...'],
      },
      {
        prompt: 'Round per line then, half up',
        reply: 'Total now sums rounded lines. I put the rule into its own function with a comment saying who wants it.',
        edits: ['invoice/round.go', 'invoice/total.go'],
        commands: ['go vet ./...', 'go test ./...'],
      },
      {
        prompt: 'Take the 14 rows from the sheet as a table test',
        reply: 'Twelve pass. Rows 5 and 11 have a discount, which the code applies after VAT and the sheet before it.',
        edits: ['invoice/total_test.go'],
        commands: ['go test ./invoice -run TestTotal -v'],
      },
    ],
  },
  {
    project: 'invoice-cli',
    title: 'Release 2.4',
    titledBy: 'ai',
    model: 'claude-sonnet-5-5',
    contextPercent: 24,
    idleMinutes: 2,
    spanMinutes: 30,
    live: 'shell',
    turns: [
      {
        prompt: 'Prepare release 2.4: changelog, version, builds for the three systems',
        reply:
          'Changelog and version are done. The three builds run in the background; I will check the archives when they are there.',
        edits: ['CHANGELOG.md'],
        commands: ['git log --oneline v2.3..HEAD', 'make dist'],
      },
    ],
  },
  {
    project: 'family-photos',
    title: 'Face index eats all the memory of the NAS',
    titledBy: 'custom',
    model: 'claude-sonnet-4-6',
    contextPercent: 93,
    idleMinutes: 12,
    spanMinutes: 540,
    live: 'idle',
    compactedAfter: 2,
    todos: [
      done('Measure the heap'),
      done('Stream photos one by one'),
      doing('Find what detect keeps'),
      open('Run the whole library overnight'),
    ],
    turns: [
      {
        prompt: 'indexFaces needs 3 GB for 20,000 photos and the NAS kills it. It should manage with 256 MB.',
        reply: 'It reads every photo before it looks at the first. I will turn it into a generator and measure again.',
        edits: ['server/faces.js'],
        commands: ['node --expose-gc bench/faces.mjs'],
      },
      {
        prompt: 'Better, but it still grows',
        reply:
          'The rest is in detect: it keeps a tensor per photo. 180 MB after 2,000 photos, and it climbs by 4 MB per hundred.',
        edits: ['notes/memory.md'],
        commands: ['node --heap-prof bench/faces.mjs'],
      },
      {
        prompt: 'Can we dispose of the tensors ourselves, or do we need a cache with a limit?',
        reply: 'Both: dispose after each photo, and keep only the embeddings, 512 bytes each. I started on the cache.',
        edits: ['server/faces-cache.js', 'server/faces.js'],
        commands: ['node --expose-gc bench/faces.mjs --photos 5000'],
      },
    ],
  },
  {
    project: 'family-photos',
    title: 'Thumbnails as WebP',
    titledBy: 'ai',
    model: 'claude-haiku-5-5',
    contextPercent: 15,
    idleMinutes: 2 * 24 * 60,
    spanMinutes: 40,
    live: 'ended',
    turns: [
      {
        prompt: 'Would WebP thumbnails be worth it? Try it on the 2019 album.',
        reply:
          '38 % smaller at the same look, and 20 % slower to make. For a gallery that is made once and seen often I would switch.',
        commands: ['node scripts/thumbs.mjs --album 2019 --format webp'],
      },
      {
        prompt: 'Then switch, with JPEG for old browsers',
        reply: 'Done: the server picks by the Accept header. Old thumbnails are replaced when they are asked for.',
        edits: ['server/thumbs.js'],
      },
    ],
  },
  {
    project: 'family-photos',
    title: 'What does this regular expression do',
    titledBy: 'ai',
    model: 'claude-haiku-5-5',
    contextPercent: 9,
    idleMinutes: 5 * 60,
    spanMinutes: 2,
    live: 'ended',
    turns: [
      {
        prompt: 'What does /(?<!\\d)(\\d{4})[-_](\\d{2})(?!\\d)/ match in our file names?',
        reply:
          'A year and a month that stand alone, such as 2019-07 or 2019_07, but not inside a longer number like 120190712.',
      },
    ],
  },
  {
    project: 'thesis',
    title: 'Chapter 3: tighten the argument',
    titledBy: 'custom',
    model: 'claude-opus-5-5',
    contextPercent: 52,
    idleMinutes: 6 * 60,
    spanMinutes: 420,
    live: 'idle',
    todos: [
      done('One claim per paragraph'),
      doing('Say why the autumn sample counts twice'),
      open('Shorten the section on limits'),
    ],
    turns: [
      {
        prompt: 'Read chapter 3 as a hostile reviewer. Where would you attack it?',
        reply:
          'At the weighting: you say that answers are weighed by income, but not why, and table 3.2 uses the raw ones.',
      },
      {
        prompt: 'Fair. Rewrite the paragraph on sampling so that the weighting follows from the question.',
        reply: 'Rewritten. I kept your old text in methods-old.tex so that you can compare.',
        edits: ['chapters/methods.tex', 'chapters/methods-old.tex'],
        commands: ['latexmk -pdf main.tex'],
      },
    ],
  },
  {
    project: 'thesis',
    title: 'Find duplicates in the bibliography',
    titledBy: 'ai',
    model: 'claude-sonnet-5-5',
    contextPercent: 12,
    idleMinutes: 9 * 24 * 60,
    spanMinutes: 10,
    live: 'ended',
    turns: [
      {
        prompt: 'library.bib has entries twice under different keys. List them, change nothing.',
        reply:
          'Seven pairs. The clearest is smith2019 and smith2019b: same title, same year, and only the first is cited.',
        commands: ['python scripts/bib_pairs.py library.bib'],
      },
    ],
  },
]
