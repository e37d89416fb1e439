import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import {
  type Material,
  type ReloadingCertificates,
  reloadingCertificates,
} from '../../src/check/certificates.ts'
import { silentLog } from '../../src/ports.ts'
import { spyLog } from '../support/edge-samples.ts'
import { certificateMaker } from './certs.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-certificates-'))
const certs = certificateMaker(dir)
const files = {
  certFile: certs.at('live.crt'),
  keyFile: certs.at('live.key'),
  clientCaFile: certs.at('live-ca.crt'),
}
let tick = 1

beforeAll(() => {
  certs.ca('ca')
  certs.ca('other-ca')
  certs.leaf('one', 'ca', 'DNS:localhost')
  certs.leaf('two', 'ca', 'DNS:localhost')
})
afterAll(() => rmSync(dir, { recursive: true }))
beforeEach(() => {
  put('live.crt', 'one.crt')
  put('live.key', 'one.key')
  put('live-ca.crt', 'ca.crt')
})

/** A copy that looks changed, however coarse the clock of the file system is. */
function put(to: string, from: string): void {
  certs.copy(from, to)
  utimesSync(certs.at(to), tick, tick)
  tick++
}

/** What the TLS listener is told, first and after each reload. */
function watch(certificates: ReloadingCertificates) {
  const told: Material[] = []
  certificates.onChange((material) => told.push(material))
  return { told, last: () => certificates.material }
}

const isPair = ({ cert, key }: Material, name: string) =>
  String(cert) === readFileSync(certs.at(`${name}.crt`), 'utf8') &&
  String(key) === readFileSync(certs.at(`${name}.key`), 'utf8')

describe('rotation', () => {
  test('a good pair is swapped in', () => {
    const certificates = reloadingCertificates(files, silentLog)
    const { last, told } = watch(certificates)
    expect(isPair(last(), 'one')).toBe(true)
    put('live.crt', 'two.crt')
    put('live.key', 'two.key')
    certificates.refresh()
    expect(isPair(last(), 'two')).toBe(true)
    expect(told).toEqual([certificates.material])
  })

  test('a pair that is caught half-way keeps the old one, and the whole one is taken later', () => {
    const log = spyLog()
    const certificates = reloadingCertificates(files, log)
    const { last, told } = watch(certificates)
    put('live.crt', 'two.crt')
    certificates.refresh()
    expect(told).toEqual([])
    expect(isPair(last(), 'one')).toBe(true)
    expect(log.lines.join()).toContain('certificate reload failed')
    expect(log.lines.join()).not.toContain('PRIVATE KEY')
    put('live.key', 'two.key')
    certificates.refresh()
    expect(isPair(last(), 'two')).toBe(true)
  })

  test.each([
    ['a missing key', () => unlinkSync(files.keyFile)],
    ['an empty certificate', () => writeFileSync(files.certFile, '')],
    ['an empty CA', () => writeFileSync(files.clientCaFile, '')],
    ['a CA that is none', () => writeFileSync(files.clientCaFile, 'nonsense')],
  ])('%s keeps the old material', (_what, breakIt) => {
    const log = spyLog()
    const certificates = reloadingCertificates(files, log)
    const { last, told } = watch(certificates)
    breakIt()
    certificates.refresh()
    expect(told).toEqual([])
    expect(isPair(last(), 'one')).toBe(true)
    expect(log.lines.join()).toContain('certificate reload failed')
  })

  test('another client CA is taken', () => {
    const certificates = reloadingCertificates(files, silentLog)
    const { last } = watch(certificates)
    put('live-ca.crt', 'other-ca.crt')
    certificates.refresh()
    expect(last().ca).toEqual(readFileSync(certs.at('other-ca.crt')))
  })

  test('files that have not changed are not read again', () => {
    const certificates = reloadingCertificates(files, silentLog)
    const { told } = watch(certificates)
    certificates.refresh()
    expect(told).toEqual([])
  })
})

/** Secrets, projected volumes and CSI drivers change all files at once: `..data` leads to another folder. */
describe('a volume whose link is swapped', () => {
  let count = 0

  function volume() {
    const at = join(dir, `volume-${count++}`)
    mkdirSync(at)
    const names = ['tls.crt', 'tls.key', 'ca.crt']
    for (const name of names) symlinkSync(join('..data', name), join(at, name))
    const swap = (leaf: string, ca: string) => {
      const folder = `..${count++}`
      mkdirSync(join(at, folder))
      for (const [i, from] of [`${leaf}.crt`, `${leaf}.key`, `${ca}.crt`].entries()) {
        const file = join(at, folder, names[i] ?? '')
        copyFileSync(certs.at(from), file)
        // The new files may be as old as the ones before, to the second.
        utimesSync(file, 1, 1)
      }
      symlinkSync(folder, join(at, '..data_tmp'))
      renameSync(join(at, '..data_tmp'), join(at, '..data'))
    }
    const [certFile = '', keyFile = '', clientCaFile = ''] = names.map((name) => join(at, name))
    return { files: { certFile, keyFile, clientCaFile }, swap }
  }

  test('gives the new pair and the new CA, whatever their times', () => {
    const { files: mounted, swap } = volume()
    swap('one', 'ca')
    const certificates = reloadingCertificates(mounted, silentLog)
    const { last, told } = watch(certificates)
    expect(isPair(last(), 'one')).toBe(true)
    swap('two', 'other-ca')
    certificates.refresh()
    expect(told).toHaveLength(1)
    expect(isPair(last(), 'two')).toBe(true)
    expect(last().ca).toEqual(readFileSync(certs.at('other-ca.crt')))
  })

  test('with one file for key and chain is read, too', () => {
    const bundle = certs.at('bundle.pem')
    const write = (leaf: string) => {
      const parts = [`${leaf}.key`, `${leaf}.crt`].map((name) => readFileSync(certs.at(name), 'utf8'))
      writeFileSync(`${bundle}.new`, parts.join(''))
      renameSync(`${bundle}.new`, bundle)
    }
    write('one')
    const certificates = reloadingCertificates({ certFile: bundle, keyFile: bundle }, silentLog)
    const { told } = watch(certificates)
    write('two')
    certificates.refresh()
    expect(told).toHaveLength(1)
    expect(String(told[0]?.cert)).toContain(readFileSync(certs.at('two.crt'), 'utf8'))
  })
})

test('a bad start is an error', () => {
  put('live.crt', 'two.crt')
  expect(() => reloadingCertificates(files, silentLog)).toThrow()
  expect(() => reloadingCertificates({ ...files, keyFile: certs.at('none') }, silentLog)).toThrow('ENOENT')
})
