import { expect, test } from '@jest/globals'
import { excerptOf } from '../../src/config/excerpt.ts'

test.each([
  ['password: hunter2', 'password: *******'],
  ['  password: "hunter2 # x" # why', '  password: ************* # why'],
  ["{ user: vigil, Password: 'it''s' , port: 1 }", '{ user: vigil, Password: ******* , port: 1 }'],
  ['redis: { port: 6379, password: hunter2 }', 'redis: { port: 6379, password: ********}'],
  ['uri: "https://vigil:hunter2@idp.example.com/jwks"', 'uri: "https://*************@idp.example.com/jwks"'],
  ['url: http://me:p@ss/w@127.0.0.1:4318', 'url: http://*********@127.0.0.1:4318'],
  ['instanceKey: abc', 'instanceKey: ***'],
  ['"root": "abc", "current":"def"', '"root": *****, "current":*****'],
  ['{"kty":"EC","x":"pub","d":"prv"}', '{"kty":"EC","x":"pub","d":*****}'],
  ['client-secret:  unfinished "', 'client-secret:  ************'],
])('of %j the secret is not quoted', (line, shown) => {
  expect(excerptOf(line)).toBe(shown)
  expect(excerptOf(line)).toHaveLength(line.length)
})

test.each([
  'origins: ["https://a.example", "https://b.example"] # of me@example.com',
  'passwordFile: /run/secrets/redis',
  'tokenType: at+jwt',
  'keys: [ { kty: EC } ]',
  'when: action.name == "d"',
  'jwks: { inline: { keys: [] } }',
  '- { name: read, match: { paths: ["/v1/{token}"] } }',
])('of %j everything is', (line) => {
  expect(excerptOf(line)).toBe(line)
})
