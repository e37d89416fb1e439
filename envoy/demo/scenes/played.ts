import type { Told } from '../ask.ts'
import type { Played } from '../scene.ts'
import { explain } from '../why.ts'

/** Whether a request got to the application, in words. */
export const reached = ({ echo }: Told): string =>
  `the application saw ${echo === undefined ? 'nothing' : 'the request'}`

/** The scene of a refusal: this status, this error in the challenge, this reason in the record, and nothing behind Envoy. */
export async function refusal(
  told: Told,
  wanted: { status: number; error?: string; reason: string },
): Promise<Played> {
  const record = await told.record()
  const challenge = told.value('www-authenticate') ?? ''
  const error = /error="([^"]*)"/.exec(challenge)?.[1]
  return {
    got: `${told.status}${error === undefined ? '' : ` ${error}`}; ${reached(told)}`,
    why: await explain(record),
    isAsExpected:
      told.status === wanted.status &&
      error === wanted.error &&
      record.decision.reasons[0] === wanted.reason &&
      told.echo === undefined,
  }
}

/** The scene of a request that passes. */
export async function passage(told: Told, text: string): Promise<Played> {
  return {
    got: `${told.status}${text === '' ? '' : `; ${text}`}`,
    why: await explain(await told.record()),
    isAsExpected: told.status === 200 && told.echo !== undefined,
  }
}
