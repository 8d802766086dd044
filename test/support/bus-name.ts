/**
 * Takes a name on a D-Bus, as a program that offers a service does: just enough of the protocol for "Hello" and
 * "RequestName". Answers nobody.
 */
import { connect, type Socket } from 'node:net'

const methodCall = 1
const fields = { path: 1, interface: 2, member: 3, destination: 6, signature: 8 } as const

/** @param address Such as `unix:path=/tmp/dbus-x,guid=…`. Resolves, when the name is taken, to the way to give it up. */
export async function takeBusName(address: string, name: string): Promise<() => void> {
  const file = /unix:path=([^,;]+)/.exec(address)?.[1]
  if (file === undefined) throw new Error(`no socket file in ${address}`)
  const socket = connect(file)
  const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
  socket.write(`\0AUTH EXTERNAL ${uid}\r\n`)
  await received(socket, 'OK ')
  socket.write('BEGIN\r\n')
  const flags = Buffer.alloc(4) // neither replaceable nor queued
  socket.write(message(1, 'Hello', '', Buffer.alloc(0)))
  await received(socket, ':1.')
  socket.write(message(2, 'RequestName', 'su', Buffer.concat([padded(text(name), 4), flags])))
  await received(socket, name)
  return () => socket.destroy()
}

function message(serial: number, member: string, signature: string, body: Buffer): Buffer {
  const list = [
    field(fields.path, 'o', text('/org/freedesktop/DBus')),
    field(fields.interface, 's', text('org.freedesktop.DBus')),
    field(fields.member, 's', text(member)),
    field(fields.destination, 's', text('org.freedesktop.DBus')),
    ...(signature === '' ? [] : [field(fields.signature, 'g', signatureOf(signature))]),
  ]
  const last = list.pop() ?? Buffer.alloc(0)
  const array = Buffer.concat([...list.map(one => padded(one, 8)), last])
  const head = Buffer.concat([Buffer.from(['l'.charCodeAt(0), methodCall, 0, 1]), uint32(body.length), uint32(serial)])
  return Buffer.concat([padded(Buffer.concat([head, uint32(array.length), array]), 8), body])
}

function field(code: number, type: string, value: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from([code]), signatureOf(type)])
  return Buffer.concat([head, value])
}

function signatureOf(types: string): Buffer {
  return Buffer.concat([Buffer.from([types.length]), Buffer.from(types), Buffer.from([0])])
}

function text(value: string): Buffer {
  return Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value), Buffer.from([0])])
}

function padded(bytes: Buffer, to: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Resolves when `words` have come. */
function received(socket: Socket, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const take = (data: Buffer) => {
      seen += data.toString('latin1')
      if (!seen.includes(words)) return
      socket.off('data', take)
      resolve()
    }
    socket.on('data', take)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`the bus hung up before it said ${words}`)))
  })
}
