// Package e2e starts the whole platform, as `make up` does but on free ports and
// in a directory of its own, and proves from outside what it promises: through
// the routers as a tenant, through the control plane as an operator, and in the
// cells' databases as an auditor.
package e2e
