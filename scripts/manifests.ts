/** `npm run manifests`: writes k8s/, the manifests for those who do not use Helm, from the chart. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FOLDERS, filesOf } from './manifests/folders.ts'
import { ROOT } from './root.ts'
import { layerPath } from './tools/locate.ts'

function main(): number {
  const helm = layerPath('helm')
  if (helm === undefined) {
    process.stderr.write('there is no Helm 4: run `npm run tools`\n')
    return 1
  }
  for (const folder of FOLDERS)
    for (const [name, text] of filesOf(folder, helm)) {
      const path = join(ROOT, 'k8s', folder.name, name)
      if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
      writeFileSync(path, text)
      process.stdout.write(`k8s/${folder.name}/${name} written\n`)
    }
  return 0
}

if (import.meta.main) process.exitCode = main()
