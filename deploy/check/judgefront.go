package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// endpointGroups is the annotation by which GKE makes the endpoint groups of a service.
const endpointGroups = "cloud.google.com/neg"

// front: what browsers come to by the global load balancer. The endpoint groups have
// the names that Terraform's backend services lead to, and whoever reads
// X-Forwarded-For believes the front ends, which connect, and the load balancer's
// own address, which it writes behind the client's: without that, everybody would
// be one client.
func front(c *checker, of *cluster, find func(string, ...any)) {
	wanted := slices.Clone(c.permitted[of.kind()].endpoints)
	for key, service := range of.services {
		for _, name := range exposed(service.Annotations[endpointGroups]) {
			i := slices.Index(wanted, name)
			if i < 0 {
				find("%s makes the endpoint groups %q, to which no backend service of terraform/modules/%s leads", key, name, c.permitted[of.kind()].module)
				continue
			}
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	if len(wanted) > 0 {
		find("no service makes the endpoint groups %v, to which a backend service leads", wanted)
	}
	for key, believed := range of.believed() {
		outside := slices.DeleteFunc(believed, func(network string) bool { return slices.Contains(frontEnds, network) })
		if len(believed) != len(frontEnds)+1 || len(outside) != 1 || !oneAddress(outside[0]) {
			find("%s believes %v of who its clients are: wanted the front ends' networks and the load balancer's address", key, believed)
		}
	}
}

// frontEnds are the networks that Google's load balancers connect from.
var frontEnds = []string{"35.191.0.0/16", "130.211.0.0/22"}

// exposed lists the names of endpoint groups in an annotation.
func exposed(annotation string) (names []string) {
	var value struct {
		Ports map[string]struct {
			Name string `json:"name"`
		} `json:"exposed_ports"`
	}
	if annotation != "" && json.Unmarshal([]byte(annotation), &value) != nil {
		return []string{annotation}
	}
	for _, port := range value.Ports {
		names = append(names, port.Name)
	}
	return names
}

// oneAddress says whether a network is one public address.
func oneAddress(network string) bool {
	p, err := netip.ParsePrefix(network)
	return err == nil && p.IsSingleIP() && !p.Addr().IsPrivate()
}

// believed lists, by workload, whose X-Forwarded-For is believed.
func (of *cluster) believed() map[string][]string {
	found := map[string][]string{}
	for _, w := range of.workloads {
		container := w.template.Spec.Containers[0]
		for _, flag := range []string{"--trusted", "--trusted-proxies"} {
			if networks := flagText(container, flag); networks != "" {
				found[w.key()] = strings.Split(of.expanded(w.Namespace, container, networks), ",")
			}
		}
	}
	return found
}

// oneFront: all clusters know the load balancer by one address.
func (c *checker) oneFront(clusters map[string]*cluster) {
	said := map[string]bool{}
	for _, of := range clusters {
		for _, believed := range of.believed() {
			said[fmt.Sprint(believed)] = true
		}
	}
	var findings []string
	if len(said) != 1 {
		findings = append(findings, fmt.Sprintf("clusters believe different load balancers: %v", slices.Sorted(maps.Keys(said))))
	}
	c.report("front", findings)
}
