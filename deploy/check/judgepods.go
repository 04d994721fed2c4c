package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func finder(name string, findings *[]string) func(string, ...any) {
	return func(format string, args ...any) {
		*findings = append(*findings, name+": "+fmt.Sprintf(format, args...))
	}
}

// references: what a pod mounts, runs as and takes from elsewhere is there.
func references(_ *checker, of *cluster, find func(string, ...any)) {
	made := map[string]bool{"cell/terraform": true, "router/terraform": true} // Terraform's output facts
	for key := range of.configMaps {
		made[key] = true
	}
	issued := map[string]bool{}
	for _, cert := range of.certificates {
		issued[cert.Namespace+"/"+cert.Spec.SecretName] = true
	}
	for _, w := range of.workloads {
		spec := &w.template.Spec
		if of.accounts[w.Namespace+"/"+spec.ServiceAccountName] == nil {
			find("%s runs as %q, which is not there", w.key(), spec.ServiceAccountName)
		}
		for _, v := range spec.Volumes {
			for _, name := range configMapsOf(v) {
				if !made[w.Namespace+"/"+name] {
					find("%s mounts the ConfigMap %s, which is not there", w.key(), name)
				}
			}
			for _, name := range secretsOf(v) {
				if !issued[w.Namespace+"/"+name] {
					find("%s mounts the Secret %s, which no certificate is put in", w.key(), name)
				}
			}
			if v.CSI != nil && v.CSI.Driver == bucketDriver && v.CSI.VolumeAttributes["bucketName"] == "" {
				find("%s mounts a bucket without a name", w.key())
			}
			if v.CSI != nil && v.CSI.Driver != bucketDriver && of.secretFiles[w.Namespace+"/"+v.CSI.VolumeAttributes["secretProviderClass"]] == nil {
				find("%s mounts the secrets of class %q, which is not there", w.key(), v.CSI.VolumeAttributes["secretProviderClass"])
			}
		}
		for _, from := range spec.Containers[0].EnvFrom {
			if from.ConfigMapRef != nil && !made[w.Namespace+"/"+from.ConfigMapRef.Name] {
				find("%s takes variables from the ConfigMap %s, which is not there", w.key(), from.ConfigMapRef.Name)
			}
		}
	}
}

// bucketDriver mounts buckets of Cloud Storage.
const bucketDriver = "gcsfuse.csi.storage.gke.io"

func configMapsOf(v core.Volume) (names []string) {
	if v.ConfigMap != nil {
		names = append(names, v.ConfigMap.Name)
	}
	if v.Projected != nil {
		for _, s := range v.Projected.Sources {
			if s.ConfigMap != nil {
				names = append(names, s.ConfigMap.Name)
			}
		}
	}
	return names
}

func secretsOf(v core.Volume) (names []string) {
	if v.Secret != nil {
		names = append(names, v.Secret.SecretName)
	}
	if v.Projected != nil {
		for _, s := range v.Projected.Sources {
			if s.Secret != nil {
				names = append(names, s.Secret.Name)
			}
		}
	}
	return names
}

var expansion = regexp.MustCompile(`\$\(([A-Z_]+)\)`)

// imageName is the last element of an image's path.
func imageName(image string) string {
	path, _, _ := strings.Cut(image, "@")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// arguments: of programs that are known, every flag and variable is one that the command
// has, and what an argument expands is set.
func arguments(c *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		for _, container := range w.template.Spec.Containers {
			p := c.known[imageName(container.Image)]
			if p == nil {
				continue
			}
			command, flags := p.find(container.Args)
			if command == nil {
				find("%s runs %q, which is no command of %s", w.key(), container.Args, imageName(container.Image))
				continue
			}
			set := variablesOf(of, w.Namespace, container)
			for _, arg := range flags {
				name, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
				if !strings.HasPrefix(arg, "--") || !command.flags[name] {
					find("%s has the flag %s, which the command does not have", w.key(), arg)
				}
				for _, m := range expansion.FindAllStringSubmatch(arg, -1) {
					if !set[m[1]] {
						find("%s expands $(%s), which is not set", w.key(), m[1])
					}
				}
			}
			for _, e := range container.Env {
				for _, m := range expansion.FindAllStringSubmatch(e.Value, -1) {
					if !set[m[1]] {
						find("%s expands $(%s) in %s, which is not set", w.key(), m[1], e.Name)
					}
				}
				name := strings.TrimSuffix(e.Name, "_FILE")
				if ownVariable(name) && !command.variables[name] {
					find("%s sets %s, which the command does not read", w.key(), e.Name)
				}
			}
			for name := range command.variables {
				if !set[name] && !set[name+"_FILE"] {
					find("%s does not set %s, which the command reads", w.key(), name)
				}
			}
		}
	}
}

func ownVariable(name string) bool {
	return strings.HasPrefix(name, "CELL_") || strings.HasPrefix(name, "ROUTER_") || strings.HasPrefix(name, "CONTROLPLANE_")
}

func variablesOf(of *cluster, namespace string, container core.Container) map[string]bool {
	set := map[string]bool{}
	for _, e := range container.Env {
		set[e.Name] = true
	}
	for _, from := range container.EnvFrom {
		if from.ConfigMapRef != nil && of.configMaps[namespace+"/"+from.ConfigMapRef.Name] != nil {
			for name := range of.configMaps[namespace+"/"+from.ConfigMapRef.Name].Data {
				set[name] = true
			}
		}
	}
	return set
}

// podSecurity: every pod is admitted by the level that its namespace enforces, which
// is "restricted".
func podSecurity(_ *checker, of *cluster, find func(string, ...any)) {
	for name, n := range of.namespaces {
		if n.Labels[psa.EnforceLevelLabel] != string(psa.LevelRestricted) {
			find("namespace %s enforces %q", name, n.Labels[psa.EnforceLevelLabel])
		}
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		find("%v", err)
		return
	}
	level := psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}
	for _, w := range of.workloads {
		verdict := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &w.template.ObjectMeta, &w.template.Spec))
		if !verdict.Allowed {
			find("%s: %s", w.key(), verdict.ForbiddenDetail())
		}
		for _, container := range w.template.Spec.Containers {
			if s := container.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
				find("%s can write to its image's files", w.key())
			}
		}
	}
}

// resources: 500m and 1Gi are asked for, 1000m and 2Gi are the limit.
func resources(_ *checker, of *cluster, find func(string, ...any)) {
	want := core.ResourceRequirements{
		Requests: core.ResourceList{core.ResourceCPU: resource.MustParse("500m"), core.ResourceMemory: resource.MustParse("1Gi")},
		Limits:   core.ResourceList{core.ResourceCPU: resource.MustParse("1000m"), core.ResourceMemory: resource.MustParse("2Gi")},
	}
	for _, w := range of.workloads {
		for _, container := range w.template.Spec.Containers {
			for _, pair := range []struct {
				name       string
				got, wants core.ResourceList
			}{{"requests", container.Resources.Requests, want.Requests}, {"limits", container.Resources.Limits, want.Limits}} {
				for resource, wants := range pair.wants {
					if got := pair.got[resource]; got.Cmp(wants) != 0 {
						find("%s %s %s of %s, not %s", w.key(), pair.name, got.String(), resource, wants.String())
					}
				}
			}
		}
	}
}

// probes: what goes on forever has all three, and they differ: readiness asks
// whether it can serve, liveness does not.
func probes(_ *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		container := w.template.Spec.Containers[0]
		start, live, ready := container.StartupProbe, container.LivenessProbe, container.ReadinessProbe
		switch {
		case !w.forever() && start == nil && live == nil && ready == nil:
			continue
		case start == nil || live == nil || ready == nil:
			find("%s lacks a startup, liveness or readiness probe", w.key())
			continue
		}
		if live.HTTPGet != nil && strings.Contains(live.HTTPGet.Path, "ready") {
			find("%s is killed when what it depends on is away: its liveness asks %s", w.key(), live.HTTPGet.Path)
		}
		if live.ProbeHandler.String() == ready.ProbeHandler.String() && live.PeriodSeconds == ready.PeriodSeconds {
			find("%s: liveness and readiness are the same", w.key())
		}
		if ready.PeriodSeconds*ready.FailureThreshold >= live.PeriodSeconds*live.FailureThreshold {
			find("%s is killed before it is taken out of use", w.key())
		}
		for name, probe := range map[string]*core.Probe{"startup": start, "liveness": live, "readiness": ready} {
			if port := portOf(probe); port != "" && !slices.ContainsFunc(container.Ports, func(p core.ContainerPort) bool { return p.Name == port }) {
				find("%s: the %s probe asks the port %s, which is not there", w.key(), name, port)
			}
		}
	}
}

func portOf(p *core.Probe) string {
	switch {
	case p.HTTPGet != nil:
		return p.HTTPGet.Port.StrVal
	case p.TCPSocket != nil:
		return p.TCPSocket.Port.StrVal
	}
	return ""
}

// stops is how long each program takes to end after SIGTERM, at most. The cell's and
// the control plane's API drain for 10 s (web.Serve) and close in 5; a worker ends a
// usual attempt (a minute) and closes in 10.
var stops = map[string]time.Duration{
	"cell/api": 15 * time.Second, "cell/worker": 70 * time.Second, "cell/pooler": 0, // its end is in preStop
	"hydra/hydra":      5 * time.Second, // graceful.DefaultShutdownTimeout
	"controlplane/api": 15 * time.Second, "controlplane/nats": 40 * time.Second,
	"otel/collector": 10 * time.Second, "otel/scraper": 10 * time.Second,
	"router/router": 0, // its flags say it
}

var sleeps = regexp.MustCompile(`sleep (\d+)`)

// grace: preStop, draining and stopping fit into the time that a pod has, with a
// quarter to spare; and what others connect to is not gone before they know.
func grace(_ *checker, of *cluster, find func(string, ...any)) {
	for _, w := range of.workloads {
		if !w.forever() {
			continue
		}
		container := w.template.Spec.Containers[0]
		stop, known := stops[w.key()]
		if !known {
			find("%s: nobody has said how long it takes to stop", w.key())
			continue
		}
		leaving := preStop(container) + flagDuration(container, "--drain-delay")
		all := leaving + stop + flagDuration(container, "--shutdown-timeout")
		has := time.Duration(*w.template.Spec.TerminationGracePeriodSeconds) * time.Second
		if has < all*5/4 {
			find("%s needs %s to end and a quarter to spare, and has %s", w.key(), all, has)
		}
		if len(of.servicesOf(w)) > 0 && w.kind == "Deployment" && leaving < 10*time.Second {
			find("%s is connected to, and stops accepting after %s", w.key(), leaving)
		}
	}
}

func preStop(container core.Container) (total time.Duration) {
	if container.Lifecycle == nil || container.Lifecycle.PreStop == nil {
		return 0
	}
	switch hook := container.Lifecycle.PreStop; {
	case hook.Sleep != nil:
		return time.Duration(hook.Sleep.Seconds) * time.Second
	case hook.Exec != nil:
		for _, m := range sleeps.FindAllStringSubmatch(strings.Join(hook.Exec.Command, " "), -1) {
			seconds, _ := strconv.Atoi(m[1]) // digits
			total += time.Duration(seconds) * time.Second
		}
	}
	return total
}

func flagDuration(container core.Container, flag string) time.Duration {
	d, _ := time.ParseDuration(flagText(container, flag)) // the program itself refuses what is none
	return d
}
