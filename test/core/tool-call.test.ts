import { describe, expect, it } from 'vitest'
import { callOf, toolCall } from '../../shared/core/tool-call.ts'

const call = (name: string, input: unknown, id: unknown = 't1') => callOf({ type: 'tool_use', id, name, input })

describe('callOf', () => {
  it.each([
    ['Write', { file_path: '/a', content: 'x' }, { kind: 'edit', id: 't1', path: '/a' }],
    ['Edit', { replace_all: false, file_path: '/a' }, { kind: 'edit', id: 't1', path: '/a' }],
    ['MultiEdit', { file_path: '/a', edits: [] }, { kind: 'edit', id: 't1', path: '/a' }],
    ['NotebookEdit', { notebook_path: '/n.ipynb' }, { kind: 'edit', id: 't1', path: '/n.ipynb' }],
    ['mcp__acp__Write', { file_path: '/a' }, { kind: 'edit', id: 't1', path: '/a' }],
    ['mcp__acp__Edit', { file_path: '/a' }, { kind: 'edit', id: 't1', path: '/a' }],
    ['Bash', { command: 'ls', description: 'List' }, { kind: 'command', command: 'ls' }],
    ['Bash', { command: 'x'.repeat(301) }, { kind: 'command', command: 'x'.repeat(300) }],
    ['TaskCreate', { subject: 'Parse', description: 'd' }, { kind: 'task-create', id: 't1', text: 'Parse' }],
    [
      'TaskUpdate',
      { taskId: '1', status: 'completed' },
      { kind: 'task-update', id: 't1', taskId: '1', status: 'completed', text: null },
    ],
    [
      'TaskUpdate',
      { taskId: 1, status: 'deleted', subject: 'New' },
      { kind: 'task-update', id: 't1', taskId: '1', status: 'deleted', text: 'New' },
    ],
    ['TaskUpdate', {}, { kind: 'task-update', id: 't1', taskId: '', status: null, text: null }],
    ['Read', { file_path: '/a' }, { kind: 'other' }],
    ['Write', { notebook_path: '/n' }, { kind: 'other' }],
    ['Write', { file_path: 5 }, { kind: 'other' }],
    ['Write', null, { kind: 'other' }],
    ['Write', { file_path: `/${'x'.repeat(4_096)}` }, { kind: 'other' }],
    ['Bash', {}, { kind: 'other' }],
  ])('%s %j', (name, input, expected) => {
    expect(call(name, input)).toEqual([expected])
  })

  it('reads a to-do list, each item cut, at most 200', () => {
    const todos = [
      { content: 'a', status: 'completed', activeForm: 'Doing a' },
      { content: 'b', status: 'in_progress' },
      { content: 'c', status: 'dreaming' },
      { status: 'pending' },
      'text',
      ...Array.from({ length: 300 }, () => ({ content: 'y'.repeat(400), status: 'pending' })),
    ]
    expect(call('TodoWrite', { todos })).toEqual([
      {
        kind: 'todos',
        id: 't1',
        items: [
          { text: 'a', status: 'completed' },
          { text: 'b', status: 'in_progress' },
          { text: 'c', status: 'pending' },
          ...Array.from({ length: 195 }, () => ({ text: 'y'.repeat(300), status: 'pending' })),
        ],
      },
    ])
    expect(call('TodoWrite', {})).toEqual([{ kind: 'todos', id: 't1', items: [] }])
  })

  it('counts a call whose id no result can name, but expects nothing of it', () => {
    expect(call('Write', { file_path: '/a' }, 7)).toEqual([{ kind: 'other' }])
    expect(toolCall(null, 'Bash', { command: 'ls' })).toEqual({ kind: 'command', command: 'ls' })
  })

  it.each([{ type: 'text', text: 'x' }, { type: 'server_tool_use', id: 'x', name: 'Write' }, null, 'tool_use', []])(
    'finds none in %j',
    block => {
      expect(callOf(block)).toEqual([])
    },
  )
})
