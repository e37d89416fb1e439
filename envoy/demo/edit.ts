import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { World } from './world.ts'

/** Replaces one piece of the running configuration. @throws Error when the piece is not there exactly once */
export function editConfig(world: World, piece: string, by: string): void {
  const text = readFileSync(world.files.config, 'utf8')
  if (text.split(piece).length !== 2) throw new Error(`vigil.yaml does not hold this exactly once: ${piece}`)
  writeConfig(world, text.replace(piece, by))
}

/** Writes the whole configuration the way editors do: beside it, then renamed. */
export function writeConfig(world: World, text: string): void {
  const scratch = `${world.files.config}.new`
  writeFileSync(scratch, text)
  renameSync(scratch, world.files.config)
}

/** Does `edit` and waits, bounded, until Vigil decides by what it wrote. */
export async function editLive(world: World, edit: () => void): Promise<number> {
  const before = (await world.vigil.metric('vigil_config_generation')) ?? 0
  edit()
  return world.vigil.waitForMetric('vigil_config_generation', (generation) => generation > before)
}
