/** Who exists in the demo, and what the authorization server knows of each. */

export const API = 'https://api.demo.example'
/** Another API of the same company: its tokens are good tokens, and not for us. */
export const OTHER_API = 'https://payroll.demo.example'
export const SCOPES = ['accounts.read', 'payments.write', 'reports.read']

/** A registered OAuth client of all of them, as public as a phone app. */
export const APP = 'demo-app'
/** The same, for tokens that are bound to a client certificate (RFC 8705). */
export const CERTIFICATE_APP = 'demo-app-mtls'
export const JOB = { id: 'nightly-job', secret: 'not-a-secret-in-a-demo' }

/** An AI agent: a client of its own, whose tokens say that it acts for the user who has agreed to that. */
export const AGENT = 'assistant'

/** Where the app would receive its code. Nothing is ever sent there: the demo reads the redirect itself. */
export const REDIRECT_URI = 'https://app.demo.example/callback'

interface Person {
  /** Accounts that belong to them: a claim in the token, which a rule reads. */
  readonly accounts: readonly string[]
}

export const PEOPLE: Readonly<Record<User, Person>> = {
  alice: { accounts: ['A-100', 'A-101'] },
  bob: { accounts: ['B-200'] },
  carol: { accounts: ['C-300'] },
}

/** Who can log in. */
export type User = 'alice' | 'bob' | 'carol'

export const isUser = (name: string): name is User => Object.hasOwn(PEOPLE, name)

/** How a login of each class was done (RFC 8176 method names). */
export const METHODS_OF: Readonly<Record<string, readonly string[]>> = {
  pwd: ['pwd'],
  mfa: ['pwd', 'otp', 'mfa'],
  phr: ['hwk', 'user', 'mfa'],
}
