import { resourceFromAttributes } from '@opentelemetry/resources'

/** What all that is told to somebody is told of. */
export const RESOURCE = resourceFromAttributes({ 'service.name': 'vigil' })
