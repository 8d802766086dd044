/** What is written for each system: golden texts, and paths that need quoting. */
import { describe, expect, it } from 'vitest'
import { launchdAgent } from '../../../cli/service/launchd-agent.ts'
import { envFileText, quoteArgument, scheduledTask } from '../../../cli/service/scheduled-task.ts'
import { keptEnvironment, type ServicePlan, unwritable } from '../../../cli/service/service-plan.ts'
import { systemdUnit } from '../../../cli/service/systemd-unit.ts'

const plan: ServicePlan = {
  node: '/opt/my node/bin/node',
  script: `/home/o'hara/100% "x" \\ $HOME & <b>/session-monitor.js`,
  args: ['run', '--quiet', '--interval', '10'],
  env: { PATH: '/usr/bin:/bin', SESSION_MONITOR_HOME: '/data/my $store' },
}

describe('systemdUnit', () => {
  it('is a unit of the user that starts again when it breaks, quoted as systemd reads it', () => {
    expect(systemdUnit(plan)).toBe(`[Unit]
Description=Active Session Monitor: checkpoints every claude code session before its work can be lost
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
ExecStart=:"/opt/my node/bin/node" "/home/o'hara/100%% \\"x\\" \\\\ $HOME & <b>/session-monitor.js" "run" "--quiet" "--interval" "10"
Environment="PATH=/usr/bin:/bin"
Environment="SESSION_MONITOR_HOME=/data/my $store"
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 3
TimeoutStopSec=15
UMask=0077
Nice=5
StandardOutput=null

[Install]
WantedBy=default.target
`)
  })
})

describe('launchdAgent', () => {
  it('is an agent of the user that starts again when it breaks, escaped as XML', () => {
    const text = launchdAgent(plan)
    expect(text).toContain(`  <key>ProgramArguments</key>
  <array>
    <string>/opt/my node/bin/node</string>
    <string>/home/o'hara/100% &quot;x&quot; \\ $HOME &amp; &lt;b&gt;/session-monitor.js</string>
    <string>run</string>
    <string>--quiet</string>
    <string>--interval</string>
    <string>10</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>/usr/bin:/bin</string>
    <key>SESSION_MONITOR_HOME</key>
    <string>/data/my $store</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
`)
    expect(text).toContain('  <key>Label</key>\n  <string>active-session-monitor</string>\n')
  })
})

describe('scheduledTask', () => {
  const windows: ServicePlan = {
    node: 'C:\\Program Files\\nodejs\\node.exe',
    script: 'C:\\Users\\Anna & Bob\\100%\\session-monitor.js',
    args: ['run', '--quiet'],
    env: { SESSION_MONITOR_HOME: 'D:\\my data\\' },
  }

  it('starts at the user’s logon, without an administrator and without a window', () => {
    const text = scheduledTask(windows, {
      user: 'PC\\Anna & Bob',
      systemRoot: 'C:\\Windows',
      envFile: 'D:\\my data\\e.env',
    })
    expect(text).toContain('<LogonTrigger>\n      <Enabled>true</Enabled>\n      <UserId>PC\\Anna &amp; Bob</UserId>')
    expect(text).toContain('<RunLevel>LeastPrivilege</RunLevel>')
    expect(text).toContain('<Command>C:\\Windows\\System32\\conhost.exe</Command>')
    expect(text).toContain(
      '<Arguments>--headless &quot;C:\\Program Files\\nodejs\\node.exe&quot; &quot;--env-file=D:\\my data\\e.env&quot; &quot;C:\\Users\\Anna &amp; Bob\\100%\\session-monitor.js&quot; run --quiet</Arguments>',
    )
  })

  it.each([
    ['run', 'run'],
    ['a b', '"a b"'],
    ['', '""'],
    ['a"b', '"a\\"b"'],
    ['a\\"b', '"a\\\\\\"b"'],
    ['C:\\a b\\', '"C:\\a b\\\\"'],
    ['C:\\a\\', '"C:\\a\\\\"'],
    ['100%', '"100%"'],
  ])('quotes an argument as Windows takes it apart: %s', (text, quoted) => {
    expect(quoteArgument(text)).toBe(quoted)
  })

  it('puts variables where Node reads them as they are', () => {
    expect(envFileText({ A: 'D:\\new $x #1', B: "it's" })).toBe(`A='D:\\new $x #1'\nB="it's"\n`)
  })
})

it('keeps those variables that the monitor would miss, and no other', () => {
  const env = { PATH: '/bin', HOME: '/h', ANTHROPIC_API_KEY: 'x', CLAUDE_CONFIG_DIR: '/c', XDG_DATA_HOME: '' }
  expect(keptEnvironment(env)).toEqual({ PATH: '/bin', CLAUDE_CONFIG_DIR: '/c' })
})

it('finds a text that no service file can hold', () => {
  expect([unwritable(plan), unwritable({ ...plan, script: '/a\nExecStart=/bin/evil' })]).toEqual([
    null,
    '/a\nExecStart=/bin/evil',
  ])
})
