import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { TOOLS } from '../../scripts/tools/catalog.ts'
import { checkHash, type LayerPin } from '../../scripts/tools/layer.ts'
import { checkSum } from '../../scripts/tools/schemas.ts'

const pin: LayerPin = {
  package: '@x/tool',
  version: '1.0.0',
  // SHA-256 of "abc": FIPS 180-2, appendix B.1
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
}

test.each([
  ['the pinned archive is taken', 'abc', undefined],
  ['another archive is refused', 'abd', '@x/tool@1.0.0 has SHA-256'],
])('%s', (_, content, refusal) => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-layer-'))
  try {
    const archive = join(folder, 'tool.tgz')
    writeFileSync(archive, content)
    const check = () => checkHash(archive, pin)
    if (refusal === undefined) expect(check).not.toThrow()
    else expect(check).toThrow(refusal)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('both majors of Helm are fetched', () => {
  const names = TOOLS.filter(({ kind }) => kind === 'layer').map(({ name }) => name)
  expect(names).toEqual(['helm', 'helm3', 'kubectl'])
})

test('a Go module with another hash is refused', () => {
  const module = { module: 'example.com/m', version: 'v1.0.0', sum: 'h1:abc=' }
  expect(() => checkSum(module, 'h1:abc=')).not.toThrow()
  expect(() => checkSum(module, 'h1:abd=')).toThrow('example.com/m@v1.0.0 has the hash h1:abd=')
})
