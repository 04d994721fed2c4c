package authn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	fetchTimeout = 5 * time.Second
	maxDocument  = 1 << 20 // bytes of a JWKS
)

// fetch loads the JWKS and makes it current. After an error the keys are what
// they were before.
func (k *issuerKeys) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	raw, err := k.download(ctx)
	if err != nil {
		return fmt.Errorf("fetch the issuer's keys: %w", err)
	}
	if err := k.take(ctx, raw); err != nil {
		return fmt.Errorf("read the issuer's keys: %w", err)
	}
	return nil
}

func (k *issuerKeys) download(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.opts.JWKSURL, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	client := *k.opts.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the issuer answers %s", response.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDocument {
		return nil, errors.New("the answer is longer than 1 MiB")
	}
	return raw, nil
}

// take makes a JWKS current and retires the keys that are not in it. A set
// without any usable key is believed, too: the issuer took its keys back.
// Only as the first one it is an error, since then nobody is ready.
func (k *issuerKeys) take(ctx context.Context, raw []byte) error {
	older := k.current.Load()
	digest := sha256.Sum256(raw)
	if older != nil && digest == k.digest {
		return nil
	}
	set, problems, err := parseKeySet(raw)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		k.opts.Log.WarnContext(ctx, "keys of the issuer are not used", "url", k.opts.JWKSURL, "why", problems)
	}
	if older == nil && set.len() == 0 {
		return errors.New("none of them can be used")
	}
	var gone []*publicKey
	if older != nil {
		gone = set.follow(older)
	}
	k.current.Store(set)
	k.digest = digest
	for _, key := range gone {
		key.retired.Store(true)
	}
	k.opts.Log.InfoContext(ctx, "keys of the issuer changed", "url", k.opts.JWKSURL, "usable", set.len(), "retired", len(gone))
	return nil
}
