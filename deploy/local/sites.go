package local

import "fmt"

// site is where a cell stands.
type site struct{ cell, region string }

// The platform's shape: two regions with a router each, and a cell in each.
// Either router serves any tenant.
var (
	regions = []string{"us-central1", "europe-west1"}
	sites   = []site{{"cell-a", "us-central1"}, {"cell-b", "europe-west1"}}
)

// Names that follow from the shape.
const (
	domain   = "localhost"
	apiHost  = "api.localhost"
	mailFrom = "welcome@localhost"

	// adminKey is the name of the operator's API key.
	adminKey = "local-admin"
)

func routerName(region string) string { return "router-" + region }

// tenantURL is the address of a tenant through the first region's router; slug
// may be the placeholder "{slug}".
func (p Ports) tenantURL(slug string) string {
	return fmt.Sprintf("http://%s.%s:%d", slug, domain, p[routerName(regions[0])])
}
