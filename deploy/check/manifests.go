package main

// judgement is one thing that must be true of every cluster. Its name begins each
// of its findings.
type judgement struct {
	name  string
	judge func(c *checker, of *cluster, find func(format string, args ...any))
}

// judgements in the order in which they are told.
var judgements = []judgement{
	{"references", references},
	{"arguments", arguments},
	{"secrets", secrets},
	{"pod security", podSecurity},
	{"resources", resources},
	{"scaling", scaling},
	{"disruption", disruption},
	{"spread", spread},
	{"probes", probes},
	{"grace", grace},
	{"priority", priority},
	{"images", images},
	{"identity", identity},
	{"doors", doors},
	{"addresses", addresses},
	{"issuer", issuer},
	{"front", front},
	{"closed", closed},
}

// manifests builds, decodes and judges every overlay.
func (c *checker) manifests(s sources) map[string]*cluster {
	clusters := map[string]*cluster{}
	for _, overlay := range s.overlays() {
		of, findings := c.judged(s, overlay)
		c.report(overlay, findings)
		if of != nil {
			clusters[overlay] = of
		}
	}
	return clusters
}

// judged returns all that is wrong with one overlay; without a cluster if Kustomize
// cannot build it.
func (c *checker) judged(s sources, overlay string) (*cluster, []string) {
	objects, err := s.build(overlay)
	if err != nil {
		return nil, []string{"build: " + err.Error()}
	}
	c.objects += len(objects)
	of, findings := decode(overlay, objects)
	for _, j := range judgements {
		j.judge(c, of, finder(j.name, &findings))
	}
	return of, findings
}
