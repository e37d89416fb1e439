import type { CheckClient, ClientTls } from '../../check/client.ts'
import { printable } from '../../lib/printable.ts'
import { EXIT, type Io } from '../io.ts'
import { askHttp, type HttpQuestion } from './ask-http.ts'
import { canaryUrl, type HttpAnswer, judgeAttachment } from './attachment.ts'
import { judgeAnswer, QUESTIONS, type Question, questionOf } from './checks.ts'
import { isPlaintext, readTls, type TlsArgs, UnreadableFile } from './target.ts'
import { connectionFault, type Verdict } from './verdict.ts'

export interface ProbeArgs extends TlsArgs {
  /** `host:port` or `unix:/path` of Vigil. */
  readonly address: string
  /** Asks through an Envoy in its place. */
  readonly attachment?: URL | undefined
  /** With an attachment: the host that is asked for. */
  readonly host?: string | undefined
  readonly timeoutMs: number
  /** Asks again until all is well, so long at most. */
  readonly waitMs: number
  readonly isJson: boolean
}

export interface ProbeDeps {
  readonly newId: () => string
  readonly monotonicMs: () => number
  readonly sleep: (ms: number) => Promise<unknown>
  readonly openClient?: (address: string, tls: ClientTls | undefined) => Promise<CheckClient>
  readonly askHttp?: (question: HttpQuestion) => Promise<HttpAnswer>
}

/** What is asked, in words, and how. */
interface Plan {
  readonly target: string
  readonly tls: 'none' | 'server' | 'mutual'
  readonly good: string
  readonly bad: string
  ask(): Promise<readonly Verdict[]>
}

const AGAIN_MS = 1000

/** `vigil probe`. @returns 0 when everything is as it must be, 1 when not, 2 when a file cannot be read */
export async function probe(args: ProbeArgs, io: Io, deps: ProbeDeps): Promise<number> {
  try {
    const plan =
      args.attachment === undefined ? planChecks(args, deps) : planAttachment(args, args.attachment, deps)
    const verdicts = await untilGood(plan, args.waitMs, deps)
    const isGood = verdicts.every((verdict) => verdict.isGood)
    io.stdout(args.isJson ? jsonOf(plan, verdicts, isGood) : textOf(plan, verdicts, isGood))
    return isGood ? EXIT.ok : EXIT.refused
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    io.stderr(`vigil: ${error.message}\n`)
    return EXIT.usage
  }
}

async function untilGood(plan: Plan, waitMs: number, deps: ProbeDeps): Promise<readonly Verdict[]> {
  const endMs = deps.monotonicMs() + waitMs
  for (;;) {
    const verdicts = await plan.ask()
    if (verdicts.every(({ isGood }) => isGood) || deps.monotonicMs() + AGAIN_MS > endMs) return verdicts
    await deps.sleep(AGAIN_MS)
  }
}

function planChecks(args: ProbeArgs, deps: ProbeDeps): Plan {
  const tls = isPlaintext(args.address, args) ? undefined : readTls(args)
  return {
    target: args.address,
    tls: kindOf(tls),
    good: 'Vigil answers as it must.',
    bad: 'Vigil does not answer as it must.',
    ask: async () => {
      const open = deps.openClient ?? openClient
      const client = await open(args.address, tls).catch((error: unknown) => failed('allowed', error))
      if ('isGood' in client) return [client]
      const verdicts: Verdict[] = []
      for (const question of QUESTIONS) {
        const verdict = await askOne(client, question, args.timeoutMs, deps.newId())
        verdicts.push(verdict)
        // Without a connection the second would say the same.
        if (verdict.details === undefined) break
      }
      client.close()
      return verdicts
    },
  }
}

/** Only here is grpc-js wanted. */
async function openClient(address: string, tls: ClientTls | undefined): Promise<CheckClient> {
  const { openCheckClient } = await import('../../check/client.ts')
  return openCheckClient(address, tls)
}

async function askOne(
  client: CheckClient,
  question: Question,
  timeoutMs: number,
  id: string,
): Promise<Verdict> {
  try {
    return judgeAnswer(question, await client.ask(questionOf(question, id), timeoutMs))
  } catch (error) {
    return failed(question, error)
  }
}

/** Whatever goes wrong on the way is an answer of the probe; nothing in these messages is secret. */
function failed(name: Verdict['name'], error: unknown): Verdict {
  const { message = 'unknown fault', code } = error as { message?: string; code?: unknown }
  const isGrpcCode = typeof code === 'string' && /^[A-Z_]+$/.test(code) && !message.includes(code)
  const { says, fix } = connectionFault(isGrpcCode ? `${code}: ${message}` : message)
  return { name, isGood: false, says: `no answer: ${says}`, fix }
}

function planAttachment(args: ProbeArgs, url: URL, deps: ProbeDeps): Plan {
  const tls = readTls(args)
  const canary = canaryUrl(url)
  const question = { url: canary, host: args.host, tls, timeoutMs: args.timeoutMs }
  return {
    target: canary.href,
    tls: url.protocol === 'https:' ? kindOf(tls) : 'none',
    good: 'Vigil is attached here, and Envoy obeys it.',
    bad: 'Nothing shows that Vigil protects this route.',
    ask: async () => {
      try {
        return [judgeAttachment(await (deps.askHttp ?? askHttp)(question))]
      } catch (error) {
        return [failed('attachment', error)]
      }
    },
  }
}

const kindOf = (tls: ClientTls | undefined): Plan['tls'] => {
  if (tls === undefined) return 'none'
  return tls.cert === undefined ? 'server' : 'mutual'
}

const TLS_WORDS = { none: 'plaintext', server: 'TLS', mutual: 'TLS with a client certificate' } as const

function textOf(plan: Plan, verdicts: readonly Verdict[], isGood: boolean): string {
  const lines = verdicts.flatMap(({ name, isGood: isOk, says, fix, notes = [] }) => [
    `  ${isOk ? 'ok  ' : 'FAIL'}  ${name}: ${printable(says)}`,
    ...[...(isOk || fix === undefined ? [] : [fix]), ...notes].map((line) => `        ${line}`),
  ])
  return `${[`${plan.target} (${TLS_WORDS[plan.tls]})`, ...lines, isGood ? plan.good : plan.bad].join('\n')}\n`
}

function jsonOf({ target, tls }: Plan, verdicts: readonly Verdict[], isGood: boolean): string {
  const results = verdicts.map(({ name, isGood: ok, says, fix, notes, details }) => ({
    name,
    ok,
    says,
    fix,
    notes,
    ...details,
  }))
  return `${JSON.stringify({ ok: isGood, target, tls, results })}\n`
}
