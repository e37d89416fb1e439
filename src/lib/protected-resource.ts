import { isAuthorityOf } from './target-uri.ts'

/** A protected resource and where its metadata stand (RFC 9728). */
export interface ProtectedResource {
  readonly origin: string
  /** Without the slash that follows the host. */
  readonly path: string
  /** RFC 9728 section 3.1: the well-known part stands between host and path. */
  readonly metadataPath: string
  readonly metadataUrl: string
}

/** What is read of a request to find its resource. */
interface Asked {
  readonly authority: string
  readonly path: string
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** @param identifier of configuration: an https URL without query and fragment */
export function protectedResource(identifier: string): ProtectedResource {
  const { origin, pathname } = new URL(identifier)
  const path = pathname === '/' ? '' : pathname
  const metadataPath = WELL_KNOWN + path
  return { origin, path, metadataPath, metadataUrl: origin + metadataPath }
}

/** The resource whose metadata this request asks for. */
export function askedFor<R extends ProtectedResource>(
  resources: readonly R[],
  { authority, path }: Asked,
): R | undefined {
  if (!path.startsWith(WELL_KNOWN)) return undefined
  return resources.find((each) => each.metadataPath === path && isAuthorityOf(each.origin, authority))
}

/** The resource that this request is for: of its host, the one with the longest path that it is below. */
export function resourceOf<R extends ProtectedResource>(
  resources: readonly R[],
  { authority, path }: Asked,
): R | undefined {
  let best: R | undefined
  for (const each of resources) {
    if (best !== undefined && each.path.length <= best.path.length) continue
    if (isBelow(path, each.path) && isAuthorityOf(each.origin, authority)) best = each
  }
  return best
}

const isBelow = (path: string, parent: string): boolean =>
  path.startsWith(parent) &&
  (parent.endsWith('/') || path.length === parent.length || path[parent.length] === '/')
