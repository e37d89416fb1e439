import { readFileSync } from 'node:fs'
import type { ClientTls } from '../../check/client.ts'
import { unreadable } from '../../lib/error-name.ts'

export interface TlsArgs {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly serverName?: string | undefined
  readonly isTls: boolean
  readonly isPlaintext: boolean
}

/** A file that is named on the command line cannot be read. */
export class UnreadableFile extends Error {}

/** @throws UnreadableFile */
export function readTls({ ca, cert, key, serverName }: TlsArgs): ClientTls {
  return { ca: readPem('--ca', ca), cert: readPem('--cert', cert), key: readPem('--key', key), serverName }
}

function readPem(option: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UnreadableFile(`${option} ${file}: ${unreadable(error)}`)
  }
}

/** Whether to ask without TLS: only on this machine, or where it is said aloud. */
export function isPlaintext(address: string, args: TlsArgs): boolean {
  if (args.isPlaintext) return true
  const wantsTls = args.isTls || [args.ca, args.cert, args.serverName].some((each) => each !== undefined)
  return !wantsTls && isLocal(address)
}

const isLocal = (address: string): boolean =>
  address.startsWith('unix:') || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(address)
