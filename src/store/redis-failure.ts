import { errorName } from '../lib/error-name.ts'
import { StoreUnavailable } from './store.ts'

/** An error reply of the server starts with its code in capitals: `OOM command not allowed …`. */
const CODE = /^[A-Z]+\b/

/** What a cluster says of a slot that it does not serve here and now. */
const NOWHERE = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN'])

/** What an error of the client library means to the port. Its text is kept out: it may quote keys and values. */
export function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error
  const code = replyCode(error)
  if (code === undefined) return new StoreUnavailable('unreachable')
  if (NOWHERE.has(code)) return new StoreUnavailable('unreachable')
  return new StoreUnavailable(code === 'OOM' ? 'full' : 'refused')
}

/** The code of an error reply (`NOPERM`, `READONLY`, …); undefined when the error did not come from the server. */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined
  return CODE.exec(error.message)?.[0] ?? 'ERR'
}

/** For logs: the reply's code, the system's code (`ECONNREFUSED`), else the kind of error; never its text. */
export const errorCode = (error: unknown): string => replyCode(error) ?? errorName(error)
