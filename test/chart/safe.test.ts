/** What a bare install gives, without being asked for. */
import { expect, test } from '@jest/globals'
import { describeWithHelm } from '../harness/tools.ts'
import { CHART, type KubeObject, one, parseObjects, render, runHelm } from './harness/helm.ts'
import { describeRefusals, type Refused } from './harness/refuse.ts'
import { MINIMAL, over } from './harness/values.ts'

const DEV = { config: { static: { store: undefined } }, devStore: { enabled: true } }

/** Every object with pods: the service, the check, the probe, the dev store. */
const withPods = (objects: readonly KubeObject[]) =>
  objects.filter(({ kind }) => ['Deployment', 'Job', 'Pod'].includes(kind))

/** Every label and every label that is asked for, at any depth. */
function labelsIn(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    ['labels', 'matchLabels', 'selector'].includes(key) && !('matchLabels' in member)
      ? Object.entries(member)
      : labelsIn(member),
  )
}

/** The labels that the chart writes itself, and where another must not stand. */
const OWN_LABELS = ['name', 'instance', 'component'].map((key) => `app.kubernetes.io/${key}`)
const REFUSED_LABELS: Refused = [
  ...OWN_LABELS.flatMap((key) =>
    ['podLabels', 'commonLabels'].map(
      (value) =>
        [key, { [value]: { [key]: 'x' } }, new RegExp(`${value} has ${key}, .* take it out`)] as const,
    ),
  ),
  ...[
    'helm.sh/chart',
    'app.kubernetes.io/version',
    'app.kubernetes.io/managed-by',
    'vigil/for-trials-only',
  ].map(
    (key) =>
      [key, { commonLabels: { [key]: 'x' } }, new RegExp(`commonLabels has ${key}, .* take it out`)] as const,
  ),
]

describeRefusals(REFUSED_LABELS, [
  ['a version of the pods', { podLabels: { 'app.kubernetes.io/version': '1' } }],
  ['a label of all', { commonLabels: { 'app.kubernetes.io/part-of': 'shop' } }],
])

describeWithHelm('every pod of the chart', (helm) => {
  const pods = withPods(render(helm, over(MINIMAL, DEV))).map(
    (object) => [object.metadata.name, (object['spec'].template ?? object)['spec']] as const,
  )

  test('is looked at', () => {
    expect(pods.map(([name]) => name).sort()).toEqual([
      'vigil',
      'vigil-check',
      'vigil-dev-store',
      'vigil-probe',
    ])
  })

  test.each(pods)('%s meets the Pod Security Standard restricted', (_, pod) => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod[key]).toBeUndefined()
    for (const container of pod.containers)
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      })
    const kinds = (pod.volumes ?? []).flatMap((volume: object) => Object.keys(volume))
    expect(new Set(kinds)).toEqual(
      new Set(kinds.filter((kind: string) => ['name', 'configMap', 'secret', 'emptyDir'].includes(kind))),
    )
  })

  test.each(pods)('%s has a read-only root, no token, bounded memory', (_, pod) => {
    expect(pod.automountServiceAccountToken).toBe(false)
    for (const { securityContext, resources } of pod.containers) {
      expect(securityContext.readOnlyRootFilesystem).toBe(true)
      expect(resources.requests).toMatchObject({ cpu: expect.anything(), memory: expect.anything() })
      expect(resources.limits.memory).toBeDefined()
    }
  })
})

describeWithHelm('the service', (helm) => {
  const objects = render(helm, MINIMAL)
  const { spec } = one(objects, 'Deployment')
  const [container] = spec.template.spec.containers

  test('has two pods, spread, with a budget', () => {
    expect(spec.replicas).toBe(2)
    const keys = spec.template.spec.topologySpreadConstraints.map((c: KubeObject) => c['topologyKey'])
    expect(keys).toEqual(['topology.kubernetes.io/zone', 'kubernetes.io/hostname'])
    for (const { labelSelector } of spec.template.spec.topologySpreadConstraints)
      expect(labelSelector).toEqual(spec.selector)
    expect(one(objects, 'PodDisruptionBudget')['spec'].maxUnavailable).toBe(1)
  })

  test('leaves the budget out where there is one pod, which it would pin to its node', () => {
    const kinds = render(helm, over(MINIMAL, { replicaCount: 1 })).map(({ kind }) => kind)
    expect(kinds).not.toContain('PodDisruptionBudget')
    const scaling = over(MINIMAL, { replicaCount: 1, autoscaling: { enabled: true } })
    expect(render(helm, scaling).map(({ kind }) => kind)).toContain('PodDisruptionBudget')
  })

  test('asks its probes over HTTP, on the listener that answers them', () => {
    expect(container.startupProbe.httpGet).toEqual({ path: '/livez', port: 'probes' })
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'probes' })
    expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'probes' })
    const port = container.ports.find(({ name }: { name: string }) => name === 'probes')
    expect(port.containerPort).toBe(9090)
  })

  test('sleeps before it drains, and may take longer than both', () => {
    expect(container.lifecycle.preStop.sleep.seconds).toBe(5)
    // 5 s of sleep, 10 s of drainDelaySeconds, 20 s of drainTimeoutSeconds
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(35)
  })

  test('is the same pod on each node, without a budget or a spread', () => {
    const daemons = render(helm, over(MINIMAL, { kind: 'DaemonSet' }))
    const { spec: own } = one(daemons, 'DaemonSet')
    const { topologySpreadConstraints: _, ...pod } = spec.template.spec
    expect(own.template).toEqual({ ...spec.template, spec: pod })
    expect(own.updateStrategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 })
    expect(one(daemons, 'Service')['spec'].trafficDistribution).toBe('PreferSameNode')
    const kinds = daemons.map(({ kind }) => kind)
    for (const kind of ['Deployment', 'PodDisruptionBudget']) expect(kinds).not.toContain(kind)
  })

  test('has labels of text, whatever the release, the chart and the namespace are called', () => {
    const names = ['--namespace', '5678', '--set-string', 'nameOverride=90']
    const said = runHelm(helm, [
      ...['template', '1234', CHART, '--kube-version', '1.36.0', ...names],
      ...['--set', 'devStore.enabled=true,secrets.instanceKey.existingSecret=k'],
    ])
    expect(said).toMatchObject({ status: 0, stderr: '' })
    const labels = labelsIn(parseObjects(said.stdout))
    expect(labels).toContainEqual(['app.kubernetes.io/instance', '1234'])
    expect(labels).toContainEqual(['app.kubernetes.io/name', '90'])
    expect(labels.filter(([, value]) => typeof value !== 'string')).toEqual([])
  })

  test('never rolls to fewer pods than there should be', () => {
    expect(spec.strategy.rollingUpdate.maxUnavailable).toBe(0)
  })

  test('mounts folders, never single files, which would not be updated', () => {
    for (const mount of container.volumeMounts) expect(mount.subPath).toBeUndefined()
  })

  test('is chosen by no Service, budget or policy that means other pods', () => {
    const labels = spec.template.metadata.labels
    const check = one(objects, 'Job', 'vigil-check')['spec'].template.metadata.labels
    for (const selector of [
      one(objects, 'Service')['spec'].selector,
      one(objects, 'Service', 'vigil-headless')['spec'].selector,
      one(objects, 'PodDisruptionBudget')['spec'].selector.matchLabels,
      one(objects, 'NetworkPolicy')['spec'].podSelector.matchLabels,
    ]) {
      expect(labels).toMatchObject(selector)
      expect(check).not.toMatchObject(selector)
    }
  })

  test.each([
    ['1.33.0', 'PreferClose'],
    ['1.34.0', 'PreferSameNode'],
    ['1.36.0', 'PreferSameNode'],
  ])('Kubernetes %s gets trafficDistribution %s', (kubernetes, wanted) => {
    expect(one(render(helm, MINIMAL, { kubernetes }), 'Service')['spec'].trafficDistribution).toBe(wanted)
  })
})
