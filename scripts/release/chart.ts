import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parseDocument, stringify } from 'yaml'
import type { Change } from './changes.ts'
import { isPrerelease } from './version.ts'

/** An image by what it is, not by a tag that somebody may move; in the words of the chart's values. */
export type PinnedImage = { registry: string; repository: string; digest: string }

const PINNED = /^(?<registry>[^@/\s]+)\/(?<repository>[^@:\s]+)@(?<digest>sha256:[0-9a-f]{64})$/

/** @throws Error when it is not `registry/repository@sha256:…` */
export function parseImage(reference: string): PinnedImage {
  const { registry, repository, digest } = PINNED.exec(reference)?.groups ?? {}
  if (registry === undefined || repository === undefined || digest === undefined)
    throw new Error(`${reference} is not registry/repository@sha256:…`)
  return { registry, repository, digest }
}

/**
 * Copies the chart, and makes the copy install this image and no other, and tell Artifact Hub of both.
 * @param chart folder of the chart
 */
export function stageChart(
  chart: string,
  into: string,
  image: PinnedImage,
  { version, changes }: { version: string; changes: readonly Change[] },
): void {
  cpSync(chart, into, { recursive: true })
  edit(join(into, 'values.yaml'), (values) => {
    for (const [key, value] of Object.entries(image)) {
      // Where the place is gone the chart would go on to install by tag.
      if (!values.hasIn(['image', key])) throw new Error(`values.yaml has no image.${key}`)
      values.setIn(['image', key], value)
    }
  })
  edit(join(into, 'Chart.yaml'), (about) => {
    const { registry, repository, digest } = image
    const images = [{ name: 'vigil', image: `${registry}/${repository}@${digest}` }]
    about.setIn(['annotations', 'artifacthub.io/images'], stringify(images))
    about.setIn(['annotations', 'artifacthub.io/changes'], stringify(changes))
    about.setIn(['annotations', 'artifacthub.io/prerelease'], String(isPrerelease(version)))
  })
}

function edit(file: string, change: (document: Document) => void): void {
  const document = parseDocument(readFileSync(file, 'utf8'))
  change(document)
  writeFileSync(file, document.toString({ lineWidth: 0 }))
}

/** The digest in what `helm push` said; it says so on standard error, or on standard output, by its version. */
export function pushedDigest(said: string): string {
  const found = new Set([...said.matchAll(/^Digest:\s+(sha256:[0-9a-f]{64})$/gm)].map(([, digest]) => digest))
  const [digest] = found
  if (digest === undefined || found.size !== 1) throw new Error(`helm push told no digest: ${said.trim()}`)
  return digest
}
