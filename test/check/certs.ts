import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Certificates made with the openssl command line in a directory of the test. */
export function certificateMaker(dir: string) {
  const at = (file: string) => join(dir, file)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore', cwd: dir })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  return {
    at,
    /** `NAME.crt`, `NAME.key`: a CA. */
    ca: (name: string) => {
      openssl(
        'req',
        '-x509',
        ...key,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.crt`,
        '-subj',
        `/CN=${name}`,
        '-days',
        '2',
      )
    },
    /** `NAME.crt`, `NAME.key`: a leaf with this subjectAltName, signed by the CA. */
    leaf: (name: string, ca: string, san: string) => {
      openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      writeFileSync(at(`${name}.ext`), `subjectAltName=${san}\n`)
      const signer = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '2']
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        ...signer,
        '-extfile',
        `${name}.ext`,
        '-out',
        `${name}.crt`,
      )
    },
    copy: (from: string, to: string) => copyFileSync(at(from), at(to)),
  }
}
