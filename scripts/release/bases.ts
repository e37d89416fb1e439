import { spawnSync } from 'node:child_process'

/** How distroless says that its images are to be verified (its README, "How do I verify distroless images?"). */
const DISTROLESS = {
  issuer: 'https://accounts.google.com',
  identity: 'keyless@distroless.iam.gserviceaccount.com',
} as const

/** Arguments of the Dockerfile that name images, pinned. */
export type Bases = { BUILD_IMAGE: string; BASE_IMAGE: string }

/**
 * Resolves the tags of both images that the Dockerfile starts from, and verifies who signed the one that is shipped.
 * Official images of Docker Hub are not signed for cosign: the one that only builds is pinned and told in the provenance.
 * @throws Error when a digest is not to be had or the signature is not that of distroless
 */
export function pinBases(dockerfile: string, env: NodeJS.ProcessEnv): Bases {
  const base = pin(defaultOf(dockerfile, 'BASE_IMAGE'), env)
  const { issuer, identity } = DISTROLESS
  const who = ['--certificate-oidc-issuer', issuer, '--certificate-identity', identity]
  run('cosign', ['verify', '--output', 'text', ...who, base], env)
  return { BUILD_IMAGE: pin(defaultOf(dockerfile, 'BUILD_IMAGE'), env), BASE_IMAGE: base }
}

/** What an `ARG` before the first stage says. */
function defaultOf(dockerfile: string, name: string): string {
  const [, value] = new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(dockerfile) ?? []
  if (value === undefined) throw new Error(`the Dockerfile gives ${name} no default`)
  return value
}

/** `name@sha256:…` of the index of all platforms. */
function pin(image: string, env: NodeJS.ProcessEnv): string {
  const format = ['--format', '{{json .Manifest.Digest}}']
  const said = run('docker', ['buildx', 'imagetools', 'inspect', ...format, image], env).trim()
  const [, digest] = /^"?(sha256:[0-9a-f]{64})"?$/.exec(said) ?? []
  if (digest === undefined) throw new Error(`${image} has no digest: ${said}`)
  return `${image.replace(/:[^:/]+$/, '')}@${digest}`
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    timeout: 300_000,
  })
  if (error) throw new Error(`${command}: ${error.message}`)
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}: ${stderr.trim()}`)
  return stdout
}
