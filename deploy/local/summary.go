package local

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// summary tells people where everything is and what to try first.
func (p *Platform) summary() {
	s := p.State()
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, region := range regions {
		_, _ = fmt.Fprintf(table, "Router %s\t%s\n", region, s.Endpoints.Routers[region].URL)
	}
	_, _ = fmt.Fprintf(table, "Control plane\t%s\n", s.Endpoints.ControlPlane.URL)
	_, _ = fmt.Fprintf(table, "Sign in\t%s\n", s.Endpoints.Identity.SigninURL)
	_, _ = fmt.Fprintf(table, "Issuer of tokens\t%s\n", s.Endpoints.Identity.Issuer)
	_, _ = fmt.Fprintf(table, "Mails\t%s\n", s.Endpoints.MailURL)
	_, _ = fmt.Fprintf(table, "Payments (not real)\t%s\n", s.Endpoints.StripeURL)
	for _, w := range []struct{ name, url string }{
		{"Metrics, alerts", s.Endpoints.PrometheusURL}, {"Alerts sent", s.Endpoints.AlertmanagerURL}, {"Traces", s.Endpoints.JaegerURL},
	} {
		if w.url != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", w.name, w.url)
		}
	}
	_, _ = fmt.Fprintf(table, "Everything else\t%s\n", p.state.path)
	if len(s.Tenants) > 0 {
		_, _ = fmt.Fprint(table, "\nTENANT\tCELL\tURL\n")
	}
	for _, slug := range slices.Sorted(maps.Keys(s.Tenants)) {
		tenant := s.Tenants[slug]
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", slug, tenant.Cell, tenant.URL)
	}
	_ = table.Flush() // into memory
	p.progress.say("%s%s", text.String(), firstSteps(s, p.opts.BinDir))
}

func firstSteps(s State, bin string) string {
	var text strings.Builder
	if tenant, ok := s.Tenants[demoTenants[0].Slug]; ok {
		fmt.Fprintf(&text, "\nTry:\n  curl -H 'Authorization: Bearer %s' %s/v1/organization\n", tenant.APIKey, tenant.URL)
	}
	fmt.Fprintf(&text, "  %s/cellctl --context local cell ls\n", relative(bin))
	return strings.TrimRight(text.String(), "\n")
}
