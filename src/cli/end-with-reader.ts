import type { Writable } from 'node:stream'
import { errorName } from '../lib/error-name.ts'
import { EXIT } from './io.ts'

/** Whoever reads a command's output may have had enough of it (`| head`): that is no fault of the command. */
export function endWithReader(output: Writable, exit: (code: number) => void): void {
  output.on('error', (error) => exit(errorName(error) === 'EPIPE' ? EXIT.ok : EXIT.internal))
}
