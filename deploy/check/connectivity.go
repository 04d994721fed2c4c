package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// party is who may speak or be spoken to: pods, or an address outside the cluster.
type party struct {
	name      string
	namespace string            // of pods
	labels    map[string]string // likewise
	ports     []port            // where it may be spoken to
	address   netip.Addr        // of an outsider
}

type port struct {
	protocol core.Protocol
	number   int32
}

func (p party) pods() bool { return p.namespace != "" }

func tcp(numbers ...int32) (ports []port) {
	for _, n := range numbers {
		ports = append(ports, port{core.ProtocolTCP, n})
	}
	return ports
}

// outsiders stand for whole ranges of addresses; their ports are all that anybody
// might want there, so that what is forbidden is asked, too.
func outsiders(of *cluster) []party {
	network := "10.255"
	switch of.overlay {
	case "cells/cell-a":
		network = "10.0"
	case "cells/cell-b":
		network = "10.1"
	case "routers/us-central1":
		network = "10.128"
	case "routers/europe-west1":
		network = "10.129"
	}
	all := tcp(22, 80, 443, 587, 988, 4222, 5432, 6378, 8443, 8444, 9090)
	dns := append([]port{{core.ProtocolUDP, 53}}, all...)
	found := []party{
		{name: "database", address: netip.MustParseAddr(network + ".16.3"), ports: all},
		{name: "redis", address: netip.MustParseAddr(network + ".17.3"), ports: all},
		{name: "api-server", address: netip.MustParseAddr(network + ".18.2"), ports: all},
		{name: "control plane", address: netip.MustParseAddr("10.255.15.250"), ports: all},
		{name: "routers", address: netip.MustParseAddr("10.128.0.9"), ports: all},
		{name: "another cell", address: netip.MustParseAddr("10.77.0.9"), ports: all},
		{name: "front ends", address: netip.MustParseAddr("35.191.4.4"), ports: all},
		{name: "internet", address: netip.MustParseAddr("93.184.216.34"), ports: dns},
		{name: "metadata", address: netip.MustParseAddr("169.254.169.254"), ports: dns},
		{name: "another network", address: netip.MustParseAddr("172.16.5.5"), ports: all},
	}
	// What others run in the cluster.
	pods := []party{
		{name: "kube-dns", namespace: "kube-system", labels: map[string]string{"k8s-app": "kube-dns"}, ports: append([]port{{core.ProtocolUDP, 53}}, tcp(53)...)},
		{name: "a stranger's pod", namespace: "default", labels: map[string]string{"app": "stranger"}, ports: tcp(80)},
	}
	if of.kind() == "cells" {
		pods = append(pods,
			party{name: "rabbitmq", namespace: "rabbitmq", labels: map[string]string{"app.kubernetes.io/name": "rabbitmq"}, ports: tcp(4369, 5671, 15671, 15691, 25672, 35672)},
			party{name: "rabbitmq's neighbour", namespace: "rabbitmq", labels: map[string]string{"app": "neighbour"}, ports: tcp(80)},
			party{name: "rabbitmq's operator", namespace: "rabbitmq-system", labels: map[string]string{"app.kubernetes.io/component": "rabbitmq-operator"}, ports: tcp(80)},
			party{name: "operator's neighbour", namespace: "rabbitmq-system", labels: map[string]string{"app": "neighbour"}, ports: tcp(80)},
		)
		if of.workload("cell/pooler") == nil {
			pods = append(pods, party{name: "citus", namespace: "citus", labels: map[string]string{"app": "StackGresCluster"}, ports: tcp(5432, 5433)})
		}
	}
	return append(found, pods...)
}

func (of *cluster) parties() []party {
	found := outsiders(of)
	for _, w := range of.workloads {
		p := party{name: w.key(), namespace: w.Namespace, labels: w.template.Labels}
		for _, cp := range w.template.Spec.Containers[0].Ports {
			p.ports = append(p.ports, port{cmp.Or(cp.Protocol, core.ProtocolTCP), cp.ContainerPort})
		}
		found = append(found, p)
	}
	return found
}

// matrix lists who may speak to whom, a line each. Traffic between two who are
// neither pods of ours is nobody's matter here.
func (of *cluster) matrix() []string {
	var lines []string
	parties := of.parties()
	for _, from := range parties {
		for _, to := range parties {
			if from.name == to.name && !from.pods() || !from.pods() && !to.pods() || !of.governed(from) && !of.governed(to) {
				continue
			}
			if open := of.open(from, to); open != "" {
				lines = append(lines, fmt.Sprintf("%-17s → %-17s %s", from.name, to.name, open))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// governed says whether a party's namespace has policies here.
func (of *cluster) governed(p party) bool {
	return slices.ContainsFunc(of.policies, func(n *networking.NetworkPolicy) bool { return p.pods() && n.Namespace == p.namespace })
}

func (of *cluster) open(from, to party) string {
	var ports []string
	for _, p := range to.ports {
		if of.allows(networking.PolicyTypeEgress, from, to, p) && of.allows(networking.PolicyTypeIngress, to, from, p) {
			text := fmt.Sprint(p.number)
			if p.protocol == core.ProtocolUDP {
				text += "/udp"
			}
			ports = append(ports, text)
		}
	}
	return strings.Join(ports, " ")
}

// allows says whether the policies of one end let it speak with the other in one
// direction. Who is no pod, or is selected by no policy of that direction, is free.
func (of *cluster) allows(direction networking.PolicyType, end, other party, at port) bool {
	if !end.pods() {
		return true
	}
	selected := false
	for _, p := range of.policies {
		if p.Namespace != end.namespace || !slices.Contains(p.Spec.PolicyTypes, direction) || !selects(&p.Spec.PodSelector, end.labels) {
			continue
		}
		selected = true
		if direction == networking.PolicyTypeEgress {
			for _, rule := range p.Spec.Egress {
				if portOpen(rule.Ports, at) && of.anyPeer(rule.To, p.Namespace, other) {
					return true
				}
			}
			continue
		}
		for _, rule := range p.Spec.Ingress {
			if portOpen(rule.Ports, at) && of.anyPeer(rule.From, p.Namespace, other) {
				return true
			}
		}
	}
	return !selected
}

func portOpen(rules []networking.NetworkPolicyPort, at port) bool {
	return len(rules) == 0 || slices.ContainsFunc(rules, func(r networking.NetworkPolicyPort) bool {
		if r.Port == nil || cmp.Or(orZero(r.Protocol), core.ProtocolTCP) != at.protocol {
			return false
		}
		first := r.Port.IntVal
		return first <= at.number && at.number <= max(first, orZero(r.EndPort))
	})
}

// orZero is what is pointed to, or the zero value.
func orZero[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

func (of *cluster) anyPeer(peers []networking.NetworkPolicyPeer, namespace string, who party) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networking.NetworkPolicyPeer) bool { return of.peer(p, namespace, who) })
}

func (of *cluster) peer(p networking.NetworkPolicyPeer, namespace string, who party) bool {
	if p.IPBlock != nil {
		return !who.pods() && inBlock(p.IPBlock, who.address)
	}
	if !who.pods() {
		return false
	}
	if p.NamespaceSelector == nil {
		return who.namespace == namespace && selects(p.PodSelector, who.labels)
	}
	labels := map[string]string{"kubernetes.io/metadata.name": who.namespace}
	return selects(p.NamespaceSelector, labels) && (p.PodSelector == nil || selects(p.PodSelector, who.labels))
}

func inBlock(b *networking.IPBlock, address netip.Addr) bool {
	block, err := netip.ParsePrefix(b.CIDR)
	if err != nil || !block.Contains(address) {
		return false
	}
	return !slices.ContainsFunc(b.Except, func(text string) bool {
		except, err := netip.ParsePrefix(text)
		return err == nil && except.Contains(address)
	})
}

// connectivity compares the matrix of all clusters with connectivity.txt.
func (c *checker) connectivity(clusters map[string]*cluster) {
	path := filepath.Join(c.root, "deploy", "kubernetes", "connectivity.txt")
	computed := connectivityOf(clusters)
	if c.update {
		if err := os.WriteFile(path, computed, 0o644); err != nil { //nolint:gosec // G306: a source like the others
			c.fail("connectivity: %v", err)
		}
		return
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		c.fail("connectivity: %v", err)
		return
	}
	c.report("connectivity", difference(string(kept), string(computed)))
}

const connectivityHead = "# Who may speak to whom, and at which ports of the other: computed from the policies by\n" +
	"# deploy/check. After a change of policies: make test-deploy ARGS=-update, and read the difference.\n"

func connectivityOf(clusters map[string]*cluster) []byte {
	var text bytes.Buffer
	text.WriteString(connectivityHead)
	for _, overlay := range slices.Sorted(maps.Keys(clusters)) {
		fmt.Fprintf(&text, "\n[%s]\n%s\n", overlay, strings.Join(clusters[overlay].matrix(), "\n"))
	}
	return text.Bytes()
}

// difference lists the lines that one text has and the other has not.
func difference(kept, computed string) (found []string) {
	count := map[string]int{}
	overlay := ""
	sections := func(text string, weight int) {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "[") {
				overlay = strings.TrimSpace(line)
			} else {
				count[overlay+" "+strings.TrimSpace(line)] += weight
			}
		}
	}
	sections(kept, 1)
	overlay = ""
	sections(computed, -1)
	for line, n := range count {
		switch {
		case n > 0:
			found = append(found, "no longer allowed: "+line)
		case n < 0:
			found = append(found, "newly allowed: "+line)
		}
	}
	slices.Sort(found)
	return found
}
