import { describe, expect, test } from '@jest/globals'
import { checkBytes } from '../../harness/wire.ts'
import { fieldsOf } from './app-server.ts'
import { requestOf } from './request.ts'
import { wholeResponse } from './response.ts'

const message = checkBytes({
  method: 'GET',
  path: '/v1/a?b=c',
  host: 'api.example.com',
  headers: { accept: 'x', 'x-a': '1' },
})

describe('a request out of a CheckRequest', () => {
  test('has its method, path, host and headers', () => {
    expect(requestOf(message).toString()).toBe(
      'GET /v1/a?b=c HTTP/1.1\r\nhost: api.example.com\r\naccept: x\r\nx-a: 1\r\n\r\n',
    )
  })

  test('takes other headers in the place of its own', () => {
    expect(requestOf(message, { 'x-a': '2', 'x-b': '3' }).toString()).toContain(
      'accept: x\r\nx-a: 2\r\nx-b: 3\r\n\r\n',
    )
  })

  test('is refused where the check holds none', () => {
    expect(() => requestOf(Buffer.alloc(0))).toThrow('no request')
  })
})

describe('a response', () => {
  const bytes = Buffer.from('HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope')

  test('is read when all of it is there, however it was cut', () => {
    for (let cut = 0; cut < bytes.length; cut++) expect(wholeResponse(bytes.subarray(0, cut))).toBeUndefined()
    expect(wholeResponse(bytes)).toMatchObject({ status: 403, body: 'nope' })
  })

  test('without a length is an error, not a wait without an end', () => {
    expect(() => wholeResponse(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('without a length')
  })
})

test('the application tells repeated headers as one', () => {
  expect(fieldsOf('GET / HTTP/1.1\r\nA: 1\r\nb:2\r\na: 3')).toEqual({ a: '1, 3', b: '2' })
})
