/** Who counts the pods: one autoscaler, by metrics that the service has. */
import { expect, test } from '@jest/globals'
import { describeWithHelm } from '../harness/tools.ts'
import { one, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'
import { seriesOf, unknownIn } from './promql.ts'

const scaling = (more: object = {}) => over(MINIMAL, { autoscaling: { enabled: true, ...more } })
const KEDA = {
  targetChecksInFlight: 8,
  keda: { enabled: true, serverAddress: 'http://prometheus.monitoring.svc:9090' },
}

describeWithHelm('autoscaling', (helm) => {
  test.each([
    ['by CPU', scaling(), 'HorizontalPodAutoscaler'],
    ['by checks in flight, too', scaling({ targetChecksInFlight: 8 }), 'HorizontalPodAutoscaler'],
    ['by KEDA', scaling(KEDA), 'ScaledObject'],
  ])('%s has one autoscaler, and the Deployment no number of its own', (_, values, kind) => {
    const objects = render(helm, values)
    const found = objects.filter((each) => ['HorizontalPodAutoscaler', 'ScaledObject'].includes(each.kind))
    expect(found.map((each) => each.kind)).toEqual([kind])
    expect(one(objects, 'Deployment')['spec']).not.toHaveProperty('replicas')
    expect(one(objects, 'PodDisruptionBudget')['spec'].maxUnavailable).toBe(1)
  })

  test('by checks in flight reads a metric of the pods that there is', () => {
    const { metrics } = one(render(helm, scaling({ targetChecksInFlight: 8 })), 'HorizontalPodAutoscaler')[
      'spec'
    ]
    expect(metrics.map(({ type }: { type: string }) => type)).toEqual(['Resource', 'Pods'])
    expect(unknownIn(metrics[1].pods.metric.name)).toEqual([])
    expect(metrics[1].pods.target).toEqual({ type: 'AverageValue', averageValue: '8' })
  })

  test('by KEDA asks for what the service exports, of these pods alone', () => {
    const { triggers } = one(render(helm, scaling(KEDA)), 'ScaledObject')['spec']
    const { query, threshold } = triggers[1].metadata
    expect(seriesOf(query)).toEqual(['vigil_check_duration_seconds_sum'])
    expect(unknownIn(query)).toEqual([])
    expect(threshold).toBe('8')
    const pods = new RegExp(`^(?:${/pod=~"([^"]*)"/.exec(query)?.[1]})$`)
    expect('vigil-7c9f8d6b54-x2x9z').toMatch(pods)
    for (const other of ['vigil-dev-store-7c9f8d6b54-x2x9z', 'shop-7c9f8d6b54-x2x9z'])
      expect(other).not.toMatch(pods)
  })

  test('takes a query of one’s own', () => {
    const own = scaling({ ...KEDA, keda: { ...KEDA.keda, query: 'sum(mine)' } })
    expect(one(render(helm, own), 'ScaledObject')['spec'].triggers[1].metadata.query).toBe('sum(mine)')
  })
})
