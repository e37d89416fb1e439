import { familyOf, systemOf } from './user-agent.ts'

/** What User-Agent Client Hints say; browsers send these in every request, also where they freeze their user agent. */
export interface Hints {
  readonly browser: string | undefined
  readonly os: string | undefined
  readonly isHeadless: boolean
}

export const MAX_HINT = 256

/** One brand of a list (`"Google Chrome";v="124"`); neither name nor version may hold a quote here. */
const BRAND = /"([^"]{1,64})";v="[^"]{0,16}"/g
/** Browsers add a made-up brand, so that nobody relies on a fixed list (GREASE). */
const MADE_UP = /not.{0,2}a.{0,2}brand/i
const QUOTED = /^"([^"]{1,64})"$/

/** `Sec-CH-UA` and `Sec-CH-UA-Platform` (UA-CH section 3); what is malformed says nothing. */
export function readHints(brands: string, platform: string | undefined): Hints {
  const names = [...brands.slice(0, MAX_HINT).matchAll(BRAND)].map(([, name = '']) => name)
  const real = names.filter((name) => !MADE_UP.test(name))
  const own = real.find((name) => name !== 'Chromium') ?? real[0]
  return {
    browser: familyOf(own?.replace(/^Headless/, '')),
    os: systemOf(QUOTED.exec(platform?.slice(0, MAX_HINT) ?? '')?.[1]),
    isHeadless: real.some((name) => name.startsWith('Headless')),
  }
}
