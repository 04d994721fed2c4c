// Package tenants holds on whose behalf a load test sends requests: the tenants
// that "loadtest seed" wrote down, and the choice of the next one.
package tenants
