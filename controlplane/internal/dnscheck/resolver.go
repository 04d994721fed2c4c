// Package dnscheck looks TXT records up, to see whether a tenant controls a
// custom domain.
package dnscheck

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/coditect/platform/shared/fault"
)

const (
	lookupTimeout = 5 * time.Second
	retryAfter    = 30 * time.Second
)

// Resolver asks the machine's DNS. The zero value is ready.
type Resolver struct{ net.Resolver }

// LookupTXT returns a name's TXT records, none if the name does not exist.
func (r *Resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	// The final dot keeps the machine's search domains out.
	records, err := r.Resolver.LookupTXT(ctx, name+".")
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return nil, nil
	case err != nil:
		return nil, fault.Wrap(err, fault.Unavailable, "the domain's name servers did not answer").After(retryAfter)
	}
	return records, nil
}
