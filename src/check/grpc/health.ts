import type { Buffer } from 'node:buffer'
import { ProtoReader } from '../../lib/protobuf/reader.ts'
import { ProtoWriter } from '../../lib/protobuf/writer.ts'
import { SERVICE } from '../transport.ts'
import { type Refusal, STATUS } from './status.ts'

/** ServingStatus of grpc/health/v1/health.proto. */
const SERVING = 1
const NOT_SERVING = 2
const SERVICE_UNKNOWN = 3

const KNOWN = ['', SERVICE]
const UNKNOWN: Refusal = { code: STATUS.notFound, text: 'unknown service' }
const UNREADABLE: Refusal = { code: STATUS.internal, text: 'not a HealthCheckRequest' }

export const HEALTH_CHECK_PATH = '/grpc.health.v1.Health/Check'
export const HEALTH_WATCH_PATH = '/grpc.health.v1.Health/Watch'

const writer = new ProtoWriter()

/** `grpc.health.v1`: the service has one state, which is that of the whole server, too. */
export class Health {
  #isServing = false
  readonly #watches = new Set<() => void>()

  setServing(isServing: boolean): void {
    if (isServing === this.#isServing) return
    this.#isServing = isServing
    for (const tell of this.#watches) tell()
  }

  /** @returns a HealthCheckResponse */
  check(request: Buffer): Buffer | Refusal {
    const service = serviceOf(request)
    if (service === undefined) return UNREADABLE
    return KNOWN.includes(service) ? this.#answer(service) : UNKNOWN
  }

  /**
   * @param tell gets a HealthCheckResponse now and whenever it changes; of an unknown service once, that it is unknown
   * @returns how to stop
   */
  watch(request: Buffer, tell: (response: Buffer) => void): (() => void) | Refusal {
    const service = serviceOf(request)
    if (service === undefined) return UNREADABLE
    const tellNow = () => tell(this.#answer(service))
    tellNow()
    if (KNOWN.includes(service)) this.#watches.add(tellNow)
    return () => void this.#watches.delete(tellNow)
  }

  #answer(service: string): Buffer {
    writer.begin()
    const known = this.#isServing ? SERVING : NOT_SERVING
    writer.uint(1, KNOWN.includes(service) ? known : SERVICE_UNKNOWN)
    return writer.finish()
  }
}

/** HealthCheckRequest: the name of a service is field 1. */
function serviceOf(request: Buffer): string | undefined {
  const into = { service: '' }
  try {
    new ProtoReader(request).whole(into, (message, field, reader) => {
      if (field === 1) message.service = reader.text()
      else reader.skip()
    })
    return into.service
  } catch {
    return undefined
  }
}
