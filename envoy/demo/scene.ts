import type { World } from './world.ts'

/** One request (or a few) of the story. */
export interface Scene {
  readonly name: string
  /** What is sent, for a reader. */
  readonly request: string
  /** What should come back. */
  readonly expected: string
  play(world: World): Promise<Played>
}

/** What came of a scene. */
export interface Played {
  readonly got: string
  /** From Vigil's own record of the decision. */
  readonly why: string
  readonly isAsExpected: boolean
  /** Shown as they are beneath the scene. */
  readonly lines?: readonly string[]
}

/** Scenes that belong together. */
export interface Act {
  readonly title: string
  /** In this order: a scene may use what the ones before it have left. */
  readonly scenes: readonly Scene[]
  /** Acts of which it uses what they have left. */
  readonly needs?: readonly Act[]
}

/** A played scene as `--json` writes it. */
export interface Result {
  readonly name: string
  readonly request: string
  readonly expected: string
  readonly got: string
  readonly why: string
  readonly ok: boolean
  readonly lines?: readonly string[]
}

/** Plays one scene. A scene that throws went wrong and says how; the others go on. */
export async function playScene(scene: Scene, world: World): Promise<Result> {
  const { name, request, expected } = scene
  try {
    const { got, why, isAsExpected, lines } = await scene.play(world)
    return { name, request, expected, got, why, ok: isAsExpected, ...(lines && { lines }) }
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error)
    return { name, request, expected, got, why: 'the scene could not be played', ok: false }
  }
}

/** Who watches the story. */
export interface Audience {
  act(title: string): void
  played(result: Result, number: number): void
}

/**
 * Plays every scene in its order. Interrupted, it plays no further one and tells nothing more: what the scene at hand
 * needs is being taken down under it.
 * @returns undefined when it was interrupted
 */
export async function playStory(
  story: readonly Act[],
  world: World,
  audience: Audience,
  interrupted: AbortSignal,
): Promise<readonly Result[] | undefined> {
  const results: Result[] = []
  for (const { title, scenes } of story) {
    if (interrupted.aborted) return undefined
    audience.act(title)
    for (const scene of scenes) {
      if (interrupted.aborted) return undefined
      const result = await playScene(scene, world)
      if (interrupted.aborted) return undefined
      results.push(result)
      audience.played(result, results.length)
    }
  }
  return results
}
