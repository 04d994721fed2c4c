// Package tenancy holds what every component must agree on about a tenant's
// names: its id, its slug, its custom domains.
//
// A name that parses here is safe to use as a DNS label, a map key, a log
// field and a header value. Nothing else in the platform parses these names.
package tenancy
