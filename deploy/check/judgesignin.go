package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	core "k8s.io/api/core/v1"
)

var serviceURL = regexp.MustCompile(`https://(([a-z][a-z0-9-]*)\.([a-z][a-z0-9-]*)\.svc)(?::([0-9]+))?`)

// addresses: a URL of a service, in an argument, a variable or a configuration,
// leads to a port that the service has, and its host is in a certificate there.
func addresses(_ *checker, of *cluster, find func(string, ...any)) {
	check := func(where, text string) {
		for _, m := range serviceURL.FindAllStringSubmatch(text, -1) {
			host, name, namespace, port := m[1], m[2], m[3], 443
			if m[4] != "" {
				port, _ = strconv.Atoi(m[4]) // digits
			}
			service := of.services[namespace+"/"+name]
			if service == nil || !slices.ContainsFunc(service.Spec.Ports, func(p core.ServicePort) bool { return int(p.Port) == port }) {
				find("%s names %s, where no service is", where, m[0])
			}
			if !of.certified(namespace, host) {
				find("%s names %s, which no certificate in %s names", where, m[0], namespace)
			}
		}
	}
	for _, w := range of.workloads {
		container := w.template.Spec.Containers[0]
		check(w.key(), strings.Join(container.Args, "\n"))
		for _, e := range container.Env {
			check(w.key(), e.Value)
		}
	}
	for key, m := range of.configMaps {
		for _, text := range m.Data {
			check("ConfigMap "+key, text)
		}
	}
}

func (of *cluster) certified(namespace, host string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(of.certificates)), func(c *certificate) bool {
		return c.Namespace == namespace && slices.Contains(c.Spec.DNSNames, host)
	})
}

// issuer: whoever names the authorization server names the same one, as does who
// names the login application; routers, which are elsewhere, fetch its keys by that name.
func issuer(_ *checker, of *cluster, find func(string, ...any)) {
	said, pages := of.issuers(), map[string]string{}
	if len(said) > 1 {
		find("two authorization servers: %v", said)
	}
	for _, w := range of.workloads {
		container := w.template.Spec.Containers[0]
		name, keys := flagText(container, "--issuer"), flagText(container, "--jwks-url")
		if (name == "") != (keys == "") || w.Namespace == "router" && !strings.HasPrefix(keys, name) {
			find("%s fetches the keys of %q at %q", w.key(), name, keys)
		}
		if w.Namespace == "router" && flagText(container, "--audience") == "" {
			find("%s accepts tokens that are for others", w.key())
		}
		if page := flagText(container, "--signin-url"); page != "" {
			pages[page] = w.key()
		}
		for _, e := range container.Env {
			if i := strings.LastIndexByte(e.Value, '/'); i > 0 && strings.HasPrefix(e.Name, "URLS_") && !strings.HasPrefix(e.Name, "URLS_SELF_") {
				pages[e.Value[:i]] = w.key()
			}
		}
	}
	if len(pages) > 1 {
		find("two login applications: %v", pages)
	}
}

// issuers are the names of the authorization server, and who says them.
func (of *cluster) issuers() map[string]string {
	said := map[string]string{}
	for _, w := range of.workloads {
		container := w.template.Spec.Containers[0]
		if name := flagText(container, "--issuer"); name != "" {
			said[of.expanded(w.Namespace, container, name)] = w.key()
		}
		for _, e := range container.Env {
			if e.Name == "URLS_SELF_ISSUER" || e.Name == "URLS_SELF_PUBLIC" {
				said[of.expanded(w.Namespace, container, e.Value)] = w.key()
			}
		}
	}
	return said
}

// oneIssuer: all clusters mean the same authorization server.
func (c *checker) oneIssuer(clusters map[string]*cluster) {
	said := map[string]string{}
	var findings []string
	for overlay, of := range clusters {
		names := of.issuers()
		if len(names) == 0 && of.kind() != "cells" {
			findings = append(findings, fmt.Sprintf("%s accepts nobody's tokens", overlay))
		}
		for name := range names {
			said[name] = overlay
		}
	}
	if len(said) != 1 {
		findings = append(findings, fmt.Sprintf("not one authorization server: %v", said))
	}
	c.report("issuer", findings)
}

// expanded is a text with what its variables from ConfigMaps stand for.
func (of *cluster) expanded(namespace string, container core.Container, text string) string {
	for _, from := range container.EnvFrom {
		if from.ConfigMapRef == nil || of.configMaps[namespace+"/"+from.ConfigMapRef.Name] == nil {
			continue
		}
		for name, value := range of.configMaps[namespace+"/"+from.ConfigMapRef.Name].Data {
			text = strings.ReplaceAll(text, "$("+name+")", value)
		}
	}
	return text
}

func flagText(container core.Container, flag string) string {
	for _, arg := range container.Args {
		if text, ok := strings.CutPrefix(arg, flag+"="); ok {
			return text
		}
	}
	return ""
}
