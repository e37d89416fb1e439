/** What carries the version of a release, as it stands in the repository. */
export type Versions = {
  /** `version` of package.json. */
  package: string
  /** `version` of the chart. */
  chart: string
  /** `appVersion` of the chart, which is the tag of the image that it installs. */
  app: string
}

const TAG = /^v((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?)$/

/** @throws Error when the tag is not a `v` and a semantic version without build metadata, which no image tag can hold */
export function versionOfTag(tag: string): string {
  const [, version] = TAG.exec(tag) ?? []
  if (version === undefined)
    throw new Error(`the tag ${tag} is not v and a version, as v1.2.3 or v1.2.3-rc.1`)
  return version
}

/** Whether a version comes before the release that it names. */
export function isPrerelease(version: string): boolean {
  return version.includes('-')
}

/** What does not fit the version; empty when all does. */
export function strayVersions(version: string, versions: Versions): string[] {
  const places = {
    'version of package.json': versions.package,
    'version of charts/vigil/Chart.yaml': versions.chart,
    'appVersion of charts/vigil/Chart.yaml': versions.app,
  }
  return Object.entries(places)
    .filter(([, found]) => found !== version)
    .map(([place, found]) => `${place} is ${found} and not ${version}`)
}
