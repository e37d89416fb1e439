/** A browser that stays open, driven over a pipe (Chrome DevTools Protocol): it has cookies and can be clicked. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { QUIET } from './browser.ts'
import { waitUntil } from './wait.ts'

/** One tab of a browser. */
export interface BrowserSession {
  /** Opens an address and waits until the page that came of it is loaded; redirects are followed. */
  open(url: string): Promise<void>
  /** Value of an expression in the page; promises are awaited. */
  evaluate(expression: string): Promise<unknown>
  /** Waits until a page at an address that begins so is loaded. */
  arrive(prefix: string): Promise<void>
  /** What the page looks like, as PNG. */
  screenshot(): Promise<Buffer>
  close(): Promise<void>
}

type Reply = { id?: number; result?: Record<string, unknown>; error?: { message: string } }

/** @param hosts where each host name is really: every name that a page asks for, and its `address:port` */
export async function openBrowser(
  browser: string,
  hosts: Readonly<Record<string, string>>,
): Promise<BrowserSession> {
  const profile = mkdtempSync(join(tmpdir(), 'vigil-browser-'))
  const rules = Object.entries(hosts).map(([name, place]) => `MAP ${name} ${place}`)
  const args = [
    ...QUIET,
    `--user-data-dir=${profile}`,
    `--host-resolver-rules=${rules.join(', ')}`,
    '--ignore-certificate-errors', // those of the test's own authority
    '--remote-debugging-pipe',
    'about:blank',
  ]
  const child = spawn(browser, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const send = speak(child.stdio[3] as Writable, child.stdio[4] as Readable)
  const { targetInfos } = (await send('Target.getTargets')) as { targetInfos: Target[] }
  const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
  const page = (method: string, params: object = {}) => send(method, params, String(sessionId))

  const evaluate = async (expression: string) => {
    const asked = { expression, awaitPromise: true, returnByValue: true }
    const { result } = (await page('Runtime.evaluate', asked)) as { result: { value?: unknown } }
    return result.value
  }
  const arrive = async (prefix: string) => {
    const isThere = `location.href.startsWith(${JSON.stringify(prefix)}) && document.readyState === 'complete'`
    // While a page goes, nothing can be asked of it.
    await waitUntil(`the page ${prefix}`, 15_000, () => evaluate(isThere).catch(() => false))
  }
  const open = async (url: string) => {
    await page('Page.navigate', { url })
    await waitUntil(`${url} to load`, 15_000, () =>
      evaluate(`document.readyState === 'complete'`).catch(() => false),
    )
  }
  const screenshot = async () => Buffer.from(String((await page('Page.captureScreenshot'))['data']), 'base64')
  const close = async () => {
    const gone = once(child, 'exit')
    send('Browser.close').catch(() => undefined)
    await gone
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  return { open, evaluate, arrive, screenshot, close }
}

interface Target {
  readonly type: string
  readonly targetId: string
}

type Send = (method: string, params?: object, sessionId?: string) => Promise<Record<string, unknown>>

/** Messages are JSON that ends with a NUL; an answer has the id of its question. */
function speak(to: Writable, from: Readable): Send {
  const waiting = new Map<number, (reply: Reply) => void>()
  let rest = ''
  from.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\0')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const reply = JSON.parse(part) as Reply
      if (reply.id !== undefined) waiting.get(reply.id)?.(reply)
    }
  })
  from.on('close', () => {
    for (const answer of waiting.values()) answer({ error: { message: 'the browser is gone' } })
  })
  let last = 0
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (result === undefined) reject(new Error(`${method}: ${error?.message}`))
        else resolve(result)
      })
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
}
