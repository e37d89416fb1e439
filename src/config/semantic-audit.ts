import type { SettingsProblem } from '../errors.ts'
import type { AuditSettings } from './schema/audit.ts'

/** Every contradiction in `audit`. */
export function checkAudit({ sinks, required }: AuditSettings): SettingsProblem[] {
  if (required && sinks.length === 0)
    return [
      { path: ['audit', 'required'], message: 'records are required, and there is no sink to keep them' },
    ]
  return checkSinks(sinks)
}

function checkSinks(sinks: AuditSettings['sinks']): SettingsProblem[] {
  const names = sinks.map((sink) => sink.name ?? sink.kind)
  const repeated = names.flatMap((name, i) =>
    names.indexOf(name) === i
      ? []
      : [
          {
            path: ['audit', 'sinks', i],
            message: `another sink is called "${name}" already; give it a name`,
          },
        ],
  )
  return [...repeated, ...checkFiles(sinks)]
}

function checkFiles(sinks: AuditSettings['sinks']): SettingsProblem[] {
  const paths = sinks.map((sink) => (sink.kind === 'file' ? sink.path : undefined))
  return sinks.flatMap((sink, i) => {
    if (sink.kind !== 'file') return []
    const path = ['audit', 'sinks', i]
    const problems: SettingsProblem[] = []
    if (paths.indexOf(sink.path) < i)
      problems.push({ path: [...path, 'path'], message: 'another sink writes to this file already' })
    if (
      sink.rotate !== undefined &&
      sink.rotate.maxBytes === undefined &&
      sink.rotate.maxAgeSeconds === undefined
    )
      problems.push({
        path: [...path, 'rotate'],
        message: 'says no reason to rotate; give maxBytes, maxAgeSeconds or both',
      })
    return problems
  })
}
