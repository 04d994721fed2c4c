package main

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// fixed are those whose number does not change with load; their manifests say why.
var fixed = map[string]int32{"cell/pooler": 3, "controlplane/nats": 3, "otel/scraper": 1}

// scaling: 3 to 50 by a processor of 70 %, workers by their queue as well.
func scaling(_ *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		h := of.autoscalers[w.key()]
		if n, ok := fixed[w.key()]; ok {
			if w.replicas == nil || *w.replicas != n || h != nil {
				find("%s must have %d replicas and no autoscaler", w.key(), n)
			}
			continue
		}
		if !w.forever() {
			continue
		}
		switch {
		case h == nil:
			find("%s has no autoscaler", w.key())
		case w.replicas != nil:
			find("%s has replicas, which every deployment would set back", w.key())
		case h.Spec.ScaleTargetRef.Kind != w.kind || h.Spec.ScaleTargetRef.Name != w.Name:
			find("the autoscaler %s scales %s %s", w.key(), h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name)
		case h.Spec.MinReplicas == nil || *h.Spec.MinReplicas != 3 || h.Spec.MaxReplicas != 50:
			find("%s is not scaled between 3 and 50", w.key())
		case !slices.ContainsFunc(h.Spec.Metrics, byProcessor):
			find("%s is not scaled by a processor of 70 %%", w.key())
		case w.Name == "worker" && !slices.ContainsFunc(h.Spec.Metrics, byQueue):
			find("%s is not scaled by its queue", w.key())
		}
	}
}

func byProcessor(m autoscaling.MetricSpec) bool {
	return m.Type == autoscaling.ResourceMetricSourceType && m.Resource != nil && m.Resource.Name == core.ResourceCPU &&
		m.Resource.Target.AverageUtilization != nil && *m.Resource.Target.AverageUtilization == 70
}

func byQueue(m autoscaling.MetricSpec) bool {
	return m.Type == autoscaling.ExternalMetricSourceType && m.External != nil && strings.Contains(m.External.Metric.Name, "cell_jobs") &&
		m.External.Target.AverageValue != nil
}

// disruption: a drained node takes some of what goes on forever, and not all.
func disruption(_ *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		if !w.forever() || fixed[w.key()] == 1 {
			continue
		}
		b := of.budgets[w.key()]
		switch {
		case b == nil:
			find("%s has no disruption budget", w.key())
			continue
		case !selects(b.Spec.Selector, w.template.Labels):
			find("the budget %s is not that of its pods", w.key())
		case b.Spec.MaxUnavailable == nil:
			find("the budget %s says how many must be there: three of three would block every drain", w.key())
			continue
		}
		if n, err := intstr.GetScaledValueFromIntOrPercent(b.Spec.MaxUnavailable, 3, true); err != nil || n < 1 || n > 2 {
			find("the budget %s lets %d of three go", w.key(), n)
		}
	}
}

// spread: three zones, evenly.
func spread(_ *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		if !w.forever() || fixed[w.key()] == 1 {
			continue
		}
		if !slices.ContainsFunc(w.template.Spec.TopologySpreadConstraints, func(s core.TopologySpreadConstraint) bool {
			return s.TopologyKey == core.LabelTopologyZone && s.MaxSkew == 1 && s.WhenUnsatisfiable == core.DoNotSchedule && selects(s.LabelSelector, w.template.Labels)
		}) {
			find("%s may stand in one zone", w.key())
		}
	}
}

// priority: everybody has a class that is there; who serves is above who does not.
func priority(_ *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		class := w.template.Spec.PriorityClassName
		switch {
		case of.priorities[class] == nil:
			find("%s has the priority %q, which is not there", w.key(), class)
		case len(of.servicesOf(w)) > 0 && w.Namespace != "otel" && class != "platform-serving":
			find("%s serves requests and has the priority %s", w.key(), class)
		}
	}
	for name, p := range of.priorities {
		if p.GlobalDefault || p.Value >= 1_000_000_000 {
			find("%s is everybody's, or as high as the system's", name)
		}
	}
}

var digest = regexp.MustCompile(`^[a-z0-9.-]+-docker\.pkg\.dev/[a-z0-9/-]+@sha256:[0-9a-f]{64}$`)

// images: from our own registry, by digest.
func images(_ *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		for _, container := range slices.Concat(w.template.Spec.InitContainers, w.template.Spec.Containers) {
			if !digest.MatchString(container.Image) {
				find("%s runs %s, which is not our registry's, by digest", w.key(), container.Image)
			}
		}
	}
}

// identity: Terraform grants to service accounts of Kubernetes, which borrow none of
// Google's; and only who asks the API server has a token for it.
func identity(c *checker, of *cluster, find func(string, ...any)) {
	permitted := c.permitted[of.kind()]
	const borrowed = "iam.gke.io/gcp-service-account"
	for key, account := range of.accounts {
		switch {
		case account.Annotations[borrowed] != "":
			find("%s borrows %s at Google", key, account.Annotations[borrowed])
		case permitted.accounts[account.Name] != account.Namespace:
			find("%s: terraform/modules/%s does not know it", key, permitted.module)
		}
		if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
			find("%s hands its token to every pod", key)
		}
	}
	for _, w := range of.workloads {
		mounts := w.template.Spec.AutomountServiceAccountToken
		if mounts == nil || *mounts != (w.key() == "otel/scraper") {
			find("%s: a token for the API server is for the scraper alone", w.key())
		}
	}
}

// secrets: each workload finds as files what it reads, Terraform lets it read just
// those, and nothing secret stands in a manifest.
func secrets(c *checker, of *cluster, find func(string, ...any)) {
	permitted := c.permitted[of.kind()]
	for key, class := range of.secretFiles {
		files, err := class.files()
		if err != nil {
			find("%s: %v", key, err)
			continue
		}
		paths := map[string]bool{}
		for _, f := range files {
			paths["/etc/platform/secrets/"+f.Path] = true
			parts := strings.Split(f.ResourceName, "/") // projects/P/secrets/NAME/versions/latest
			if len(parts) != 6 || !slices.ContainsFunc(slices.Collect(maps.Keys(permitted.readers)), func(secret string) bool {
				return strings.HasSuffix(parts[3], "-"+secret) && permitted.mayRead(class.Name, secret)
			}) {
				find("%s: terraform/modules/%s does not let %s read %s", key, permitted.module, class.Name, f.ResourceName)
			}
		}
		if w := of.workload(key); w != nil {
			unread(w, paths, find)
		}
	}
	for _, w := range of.workloads {
		for _, e := range w.template.Spec.Containers[0].Env {
			if ownVariable(e.Name) && !strings.HasSuffix(e.Name, "_FILE") {
				find("%s has %s in the manifest", w.key(), e.Name)
			}
		}
	}
}

// unread compares the files that there are with those that a workload's variables
// and arguments name.
func unread(w *workload, paths map[string]bool, find func(string, ...any)) {
	for _, arg := range w.template.Spec.Containers[0].Args {
		if _, path, _ := strings.Cut(arg, "="); strings.HasPrefix(path, "/etc/platform/secrets/") {
			if !paths[path] {
				find("%s: %s names a file that is not there", w.key(), arg)
			}
			delete(paths, path)
		}
	}
	for _, e := range w.template.Spec.Containers[0].Env {
		if strings.HasSuffix(e.Name, "_FILE") {
			if !paths[e.Value] {
				find("%s: %s names %s, which is not there", w.key(), e.Name, e.Value)
			}
			delete(paths, e.Value)
		}
	}
	for path := range paths {
		if !strings.HasSuffix(path, ".conf") && !strings.HasSuffix(path, ".txt") { // users.conf and userlist.txt are read by configuration
			find("%s finds %s and reads it not", w.key(), path)
		}
	}
}

// doors: a service leads to ports that its pods have; what the fleet sees is an
// internal load balancer at an address of the network's own, which its certificate names.
func doors(_ *checker, of *cluster, find func(string, ...any)) {
	for key, service := range of.services {
		for _, port := range service.Spec.Ports {
			if len(of.behind(service, port.TargetPort.String())) == 0 {
				find("%s: no pod has the port %s", key, port.TargetPort.String())
			}
		}
		if service.Spec.Type != core.ServiceTypeLoadBalancer {
			continue
		}
		address, err := netip.ParseAddr(service.Spec.LoadBalancerIP)
		switch {
		case service.Annotations["networking.gke.io/load-balancer-type"] != "Internal":
			find("%s is a public load balancer", key)
		case err != nil || !address.IsPrivate():
			find("%s has no address of its own", key)
		case service.Spec.ExternalTrafficPolicy != core.ServiceExternalTrafficPolicyLocal:
			find("%s hides who connects, which the policies go by", key)
		}
		if cert := of.certificates[key]; cert == nil || len(cert.Spec.IPAddresses)+len(cert.Spec.DNSNames) == 0 {
			find("%s has no certificate with a name", key)
		}
	}
	for key, cert := range of.certificates {
		if cert.Spec.IssuerRef.Name != "fleet" || cert.Spec.RenewBefore.Duration < cert.Spec.Duration.Duration/4 || cert.Spec.PrivateKey.RotationPolicy != "Always" {
			find("the certificate %s is not the fleet's, is renewed late, or keeps its key", key)
		}
	}
}

// closed: in every namespace nobody speaks to anybody, until a policy says so.
func closed(_ *checker, of *cluster, find func(string, ...any)) {
	for name := range of.namespaces {
		denied := false
		for _, p := range of.policies {
			denied = denied || p.Namespace == name && len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0 &&
				len(p.Spec.PolicyTypes) == 2 && len(p.Spec.Ingress)+len(p.Spec.Egress) == 0
		}
		if !denied {
			find("namespace %s does not deny by default", name)
		}
	}
}

// kind is cells, routers or control-plane.
func (of *cluster) kind() string {
	kind, _, _ := strings.Cut(of.overlay, "/")
	return kind
}

func (of *cluster) workload(key string) *workload {
	i := slices.IndexFunc(of.workloads, func(w *workload) bool { return w.key() == key })
	if i < 0 {
		return nil
	}
	return of.workloads[i]
}

// servicesOf lists the services that lead to a workload.
func (of *cluster) servicesOf(w *workload) (found []*core.Service) {
	for _, service := range of.services {
		if service.Namespace == w.Namespace && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(w.template.Labels)) {
			found = append(found, service)
		}
	}
	return found
}

// behind lists the workloads that a service leads to by a port of this name.
func (of *cluster) behind(service *core.Service, port string) (found []*workload) {
	for _, w := range of.workloads {
		if slices.Contains(of.servicesOf(w), service) && slices.ContainsFunc(w.template.Spec.Containers[0].Ports, func(p core.ContainerPort) bool { return p.Name == port }) {
			found = append(found, w)
		}
	}
	return found
}

func selects(s *meta.LabelSelector, of map[string]string) bool {
	selector, err := meta.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(of))
}
