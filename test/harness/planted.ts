import { createHash } from 'node:crypto'

/** Secrets that a test has let in, and every spelling in which they might come out again. */
export interface Planted {
  /** Text as it was sent, or the bytes of a key. What looks like a JWT is also searched for by its parts and its hash. */
  plant(name: string, secret: string | Uint8Array): void
  /** Which of them stand in a text, as `name as spelling`. */
  foundIn(text: string): string[]
  readonly names: () => string[]
}

/** Anything shorter would be found everywhere. */
const SHORTEST = 12

export function createPlanted(): Planted {
  const spellings = new Map<string, string>()
  const add = (name: string, how: string, spelling: string) => {
    if (spelling.length >= SHORTEST) spellings.set(`${name} as ${how}`, spelling)
  }
  const addBytes = (name: string, bytes: Uint8Array) => {
    const buffer = Buffer.from(bytes)
    for (const encoding of ['base64url', 'base64', 'hex'] as const)
      add(name, encoding, buffer.toString(encoding).replace(/=+$/, ''))
    add(name, 'HEX', buffer.toString('hex').toUpperCase())
  }
  const addText = (name: string, text: string) => {
    add(name, 'it is', text)
    add(name, 'URL', encodeURIComponent(text))
    add(name, 'JSON', JSON.stringify(text).slice(1, -1))
    addBytes(name, Buffer.from(text))
  }
  const addJwt = (name: string, [header = '', payload = '', signature = '']: readonly string[]) => {
    // The header alone is the same for every token of a key; its text is no secret.
    add(name, 'signing input', `${header}.${payload}`)
    addText(`payload of ${name}`, payload)
    addText(`content of ${name}`, Buffer.from(payload, 'base64url').toString())
    addText(`signature of ${name}`, signature)
    addBytes(`signature of ${name}`, Buffer.from(signature, 'base64url'))
  }
  return {
    plant: (name, secret) => {
      if (typeof secret !== 'string') return addBytes(name, secret)
      addText(name, secret)
      addBytes(`hash of ${name}`, createHash('sha256').update(secret).digest())
      const parts = secret.split('.')
      if (parts.length === 3) addJwt(name, parts)
    },
    foundIn: (text) => [...spellings].filter(([, spelling]) => text.includes(spelling)).map(([name]) => name),
    names: () => [...new Set([...spellings.keys()].map((key) => key.replace(/ as .*/, '')))],
  }
}
