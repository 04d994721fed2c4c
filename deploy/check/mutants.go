package main

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// mutant is one mistake in the sources, and how the finding begins that must come of it.
type mutant struct{ overlay, file, old, replacement, finding string }

const (
	inCell         = "cells/cell-a"
	inRouter       = "routers/us-central1"
	inControlPlane = "control-plane"
)

// mutantList has at least one for each judgement.
var mutantList = []mutant{
	{inCell, "base/cell/api.yaml", "minReplicas: 3", "minReplica: 3", "decode: HorizontalPodAutoscaler cell/api"},
	{inCell, "base/cell/api.yaml", "periodSeconds: 10", "periodSecond: 10", "decode: Deployment cell/api"},
	{inCell, "base/cell/api.yaml", "apiVersion: autoscaling/v2", "apiVersion: autoscaling/v1", "decode: HorizontalPodAutoscaler cell/api"},
	{inCell, "base/cell/kustomization.yaml", "  - worker.yaml\n", "", "build:"},
	{inCell, "base/cell/api.yaml", "secretName: api-tls, items: [{key: tls.crt", "secretName: api-cert, items: [{key: tls.crt", "references: cell/api mounts the Secret api-cert"},
	{inCell, "base/cell/worker.yaml", "secretProviderClass: worker", "secretProviderClass: workers", "references: cell/worker mounts the secrets of class"},
	{inCell, "cells/cell-a/facts.yaml", "bucketName: coditect-cell-a-cell-a-blobs", "bucket: coditect-cell-a-cell-a-blobs", "references: cell/api mounts a bucket without"},
	{inCell, "base/cell/api.yaml", "- --tier=$(TIER)", "- --plan-tier=$(TIER)", "arguments: cell/api has the flag --plan-tier"},
	{inCell, "base/cell/worker.yaml", "--domain=$(DOMAIN)", "--domain=$(DOMAINS)", "arguments: cell/worker expands $(DOMAINS)"},
	{inCell, "base/cell/worker.yaml", "{name: CELL_AMQP_URL_FILE", "{name: CELL_BROKER_URL_FILE", "arguments: cell/worker sets CELL_BROKER_URL_FILE"},
	{inRouter, "base/router/router.yaml", "            - {name: ROUTER_REDIS_URL_FILE, value: /etc/platform/secrets/redis-url}\n", "", "arguments: router/router does not set ROUTER_REDIS_URL"},
	{inCell, "cells/cell-a/secrets.yaml", "cell-a-edge-key/versions/latest, path: edge-key", "cell-a-edge-key/versions/latest, path: edge", "secrets: cell/api: CELL_EDGE_KEY_FILE names"},
	{inCell, "cells/cell-a/secrets.yaml", "cell-a-amqp-url", "cell-a-control-key", "secrets: cell/worker: terraform/modules/cell does not let worker read"},
	{inControlPlane, "base/control-plane/api.yaml", "{name: CONTROLPLANE_CONTROL_KEY_FILE, value: /etc/platform/secrets/control-key}", "{name: CONTROLPLANE_CONTROL_KEY, value: 0011}", "secrets: controlplane/api has CONTROLPLANE_CONTROL_KEY in the manifest"},
	{inCell, "base/cell/api.yaml", "runAsNonRoot: true", "runAsNonRoot: false", "pod security: cell/api"},
	{inRouter, "base/router/router.yaml", "capabilities: {drop: [ALL]}", "capabilities: {drop: [NET_RAW]}", "pod security: router/router"},
	{inCell, "base/cell/worker.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "pod security: cell/worker can write"},
	{inCell, "base/cell/namespace.yaml", "enforce: restricted", "enforce: baseline", "pod security: namespace cell"},
	{inCell, "base/cell/api.yaml", "limits: {cpu: 1000m, memory: 2Gi}", "limits: {cpu: 1000m, memory: 4Gi}", "resources: cell/api limits"},
	{inCell, "base/cell/api.yaml", "maxReplicas: 50", "maxReplicas: 500", "scaling: cell/api is not scaled between"},
	{inCell, "base/cell/api.yaml", "averageUtilization: 70", "averageUtilization: 90", "scaling: cell/api is not scaled by a processor"},
	{inCell, "base/cell/worker.yaml", "type: AverageValue, averageValue", "type: Value, value", "scaling: cell/worker is not scaled by its queue"},
	{inCell, "components/cloudsql/pooler.yaml", "replicas: 3 ", "replicas: 9 ", "scaling: cell/pooler must have 3"},
	{inRouter, "base/router/router.yaml", "maxUnavailable: 20%", "maxUnavailable: 0", "disruption: the budget router/router lets 0"},
	{inCell, "base/cell/api.yaml", "topologyKey: topology.kubernetes.io/zone", "topologyKey: topology.kubernetes.io/region", "spread: cell/api"},
	{inCell, "base/cell/api.yaml", "livenessProbe:\n            httpGet: {path: /healthz", "livenessProbe:\n            httpGet: {path: /readyz", "probes: cell/api is killed when"},
	{inControlPlane, "base/control-plane/api.yaml", "periodSeconds: 10\n            timeoutSeconds: 2\n            failureThreshold: 6", "periodSeconds: 5\n            timeoutSeconds: 2\n            failureThreshold: 1", "probes: controlplane/api is killed before"},
	{inCell, "base/cell/api.yaml", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "grace: cell/api needs"},
	{inRouter, "base/router/router.yaml", "- --drain-delay=20s", "- --drain-delay=1s", "grace: router/router is connected to"},
	{inCell, "base/cell/api.yaml", "preStop: {sleep: {seconds: 15}}", "preStop: {sleep: {seconds: 1}}", "grace: cell/api is connected to"},
	{inCell, "base/cell/api.yaml", "priorityClassName: platform-serving", "priorityClassName: platform-background", "priority: cell/api serves"},
	{inCell, "cells/cell-a/kustomization.yaml", "    digest: sha256:", "    newTag: v1 # ", "images: cell/"},
	{inCell, "base/cell/worker.yaml", "kind: ServiceAccount\nmetadata: {name: worker, namespace: cell}", "kind: ServiceAccount\nmetadata: {name: worker, namespace: cell, annotations: {iam.gke.io/gcp-service-account: api@p.iam.gserviceaccount.com}}", "identity: cell/worker borrows api@"},
	{inCell, "base/cell/api.yaml", "automountServiceAccountToken: false\n      enableServiceLinks", "automountServiceAccountToken: true\n      enableServiceLinks", "identity: cell/api: a token"},
	{inCell, "base/cell/api.yaml", "load-balancer-type: Internal", "load-balancer-type: External", "doors: cell/api is a public"},
	{inCell, "base/cell/api.yaml", "targetPort: internal", "targetPort: inner", "doors: cell/api: no pod has the port inner"},
	{inCell, "base/cell/policies.yaml", "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "closed: namespace cell"},
	{inCell, "cells/cell-a/networks.yaml", "port: 8443", "port: 8444", "connectivity: newly allowed: [cells/cell-a] routers"},
	{inCell, "base/cell/policies.yaml", "except: [10.0.0.0/8, ", "except: [", "connectivity: newly allowed: [cells/cell-a] cell/worker"},
	{inCell, "base/broker/broker.yaml", "          podSelector: {matchLabels: {app.kubernetes.io/component: rabbitmq-operator}}\n", "", "connectivity: newly allowed: [cells/cell-a] operator's neighbour"},
	{inCell, "base/broker/broker.yaml", "kubernetes.io/metadata.name: cell}}\n          podSelector: {matchLabels: {app.kubernetes.io/name: worker}}", "kubernetes.io/metadata.name: default}}", "connectivity: newly allowed: [cells/cell-a] a stranger's pod"},
	{inControlPlane, "base/hydra/hydra.yaml", "- --config=/etc/platform/hydra/cluster.yaml", "- --configuration=/etc/platform/hydra/cluster.yaml", "arguments: hydra/hydra has the flag --configuration"},
	{inControlPlane, "base/hydra/hydra.yaml", "https://login.$(DOMAIN)/login", "https://login.$(DOMAINS)/login", "arguments: hydra/hydra expands $(DOMAINS) in URLS_LOGIN"},
	{inControlPlane, "base/control-plane/clients.yaml", "clients, sync, --yes", "clients, sync, --force", "arguments: controlplane/clients has the flag --force"},
	{inControlPlane, "control-plane/secrets.yaml", "control-plane-hydra-keys/versions/latest, path: keys.yaml", "control-plane-hydra-keys/versions/latest, path: secrets.yaml", "secrets: hydra/hydra: --config=/etc/platform/secrets/keys.yaml names"},
	{inControlPlane, "control-plane/secrets.yaml", "control-plane-client-ops-robot", "control-plane-hydra-keys", "secrets: controlplane/clients: terraform/modules/control-plane does not let clients read"},
	{inControlPlane, "base/hydra/hydra.yaml", "seccompProfile: {type: RuntimeDefault}", "seccompProfile: {type: Unconfined}", "pod security: hydra/hydra"},
	{inControlPlane, "base/hydra/hydra.yaml", "terminationGracePeriodSeconds: 35", "terminationGracePeriodSeconds: 30", "grace: hydra/hydra needs"},
	{inControlPlane, "base/control-plane/api.yaml", "--hydra-admin-url=https://admin.hydra.svc:4445", "--hydra-admin-url=https://admin.hydra.svc:4444", "addresses: controlplane/api names https://admin.hydra.svc:4444, where no service"},
	{inControlPlane, "control-plane/facts.yaml", ", api.controlplane.svc", "", "addresses: ConfigMap hydra/hydra"},
	{inControlPlane, "base/control-plane/api.yaml", "--issuer=https://auth.$(DOMAIN)/", "--issuer=https://auth.$(DOMAIN)", "issuer: two authorization servers"},
	{inRouter, "base/router/router.yaml", "--jwks-url=https://auth.", "--jwks-url=https://keys.", "issuer: router/router fetches the keys of"},
	{inControlPlane, "base/hydra/hydra.yaml", `"hydra-public"`, `"hydra"`, "front: hydra/public makes the endpoint groups"},
	{inControlPlane, "base/control-plane/api.yaml", "    cloud.google.com/neg: ", "    cloud.google.com/group: ", "front: no service makes the endpoint groups [signin]"},
	{inControlPlane, "base/control-plane/api.yaml", ",$(EDGE_ADDRESS)/32", "", "front: controlplane/api believes"},
	{inRouter, "base/router/router.yaml", ",$(EDGE_ADDRESS)/32", ",0.0.0.0/0", "front: router/router believes"},
	{inControlPlane, "base/hydra/policies.yaml", "      ports: [{protocol: TCP, port: 4444}]", "      ports: [{protocol: TCP, port: 4445}]", "connectivity: newly allowed: [control-plane] front ends        → hydra/hydra       4445"},
	{inControlPlane, "base/hydra/policies.yaml", "        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: controlplane}}\n          podSelector: {matchExpressions: ", "        - ipBlock: {cidr: 10.0.0.0/8}\n        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: controlplane}}\n          podSelector: {matchExpressions: ", "connectivity: newly allowed: [control-plane] another cell      → hydra/hydra       4445"},
	{inControlPlane, "base/hydra/policies.yaml", "operator: In, values: [api, clients]}]}", "operator: Exists}]}\n        - namespaceSelector: {}", "connectivity: newly allowed: [control-plane] a stranger's pod"},
	{inControlPlane, "base/control-plane/policies.yaml", "cidr: 10.255.16.0/24", "cidr: 10.255.17.0/24", "connectivity: no longer allowed: [control-plane] controlplane/api"},
}

// mutants plants each mistake and looks whether its finding comes.
func (c *checker) mutants(ctx context.Context, s sources) {
	quiet := &checker{known: c.known, permitted: c.permitted}
	sound := map[string][]byte{}
	noticed := map[string]bool{}
	for _, m := range mutantList {
		if ctx.Err() != nil {
			return
		}
		if sound[m.overlay] == nil {
			of, findings := quiet.judged(s, m.overlay)
			if len(findings) > 0 {
				return // told already; nothing can be learnt of what is not sound
			}
			sound[m.overlay] = connectivityOf(map[string]*cluster{m.overlay: of})
		}
		changed, err := s.with(m.file, m.old, m.replacement)
		if err != nil {
			c.fail("mutant: %v", err)
			continue
		}
		of, findings := quiet.judged(changed, m.overlay)
		if of != nil {
			for _, d := range difference(string(sound[m.overlay]), string(connectivityOf(map[string]*cluster{m.overlay: of}))) {
				findings = append(findings, "connectivity: "+d)
			}
		}
		if !slices.ContainsFunc(findings, func(f string) bool { return strings.HasPrefix(f, m.finding) }) {
			c.fail("mutant: %s with %q instead of %q: wanted %q, got %q", m.file, m.replacement, m.old, m.finding, findings)
			continue
		}
		c.caught++
		name, _, _ := strings.Cut(m.finding, ":")
		noticed[name] = true
	}
	for _, j := range judgements {
		if !noticed[j.name] {
			c.fail("mutant: none shows that %q notices anything (%v)", j.name, slices.Sorted(maps.Keys(noticed)))
		}
	}
}
