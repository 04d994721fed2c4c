package hydra

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	api "github.com/ory/hydra-client-go/v2"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

const grantPage = 250

// GrantsOf returns what somebody has allowed others' applications, by the
// applications' names. Hydra keeps each answer that was asked for; what it keeps of
// our own applications, about which nobody is asked, is left out.
func (c *Client) GrantsOf(ctx context.Context, subject string) ([]controlplane.Grant, error) {
	return c.grantsOf(ctx, subject, grantPage)
}

func (c *Client) grantsOf(ctx context.Context, subject string, size int) ([]controlplane.Grant, error) {
	grants := map[string]*controlplane.Grant{}
	for offset, more := 0, true; more; offset += size {
		list, response, err := c.api.OAuth2API.ListOAuth2ConsentSessions(ctx).Subject(subject).PageSize(int64(size)).PageToken(pageToken(offset)).Execute()
		if err != nil {
			return nil, failure(err, response, "subject")
		}
		for _, s := range list {
			add(grants, s)
		}
		// The links of this list lead astray in Hydra 2.3, and a page may have fewer
		// than its size: what is too old is taken off it.
		total, err := strconv.Atoi(response.Header.Get("X-Total-Count"))
		if err != nil && len(list) > 0 {
			return nil, fault.Wrap(err, fault.Internal, "the authorization server does not say how long its list is")
		}
		more = offset+size < total
	}
	var all []controlplane.Grant
	for _, g := range grants {
		slices.Sort(g.Scopes)
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b controlplane.Grant) int {
		return cmp.Or(cmp.Compare(a.Client.Name, b.Client.Name), cmp.Compare(a.Client.ID, b.Client.ID))
	})
	return all, nil
}

// pageToken is Hydra's own: it takes no other.
func pageToken(offset int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"offset":"%d","v":2}`, offset))
}

// add adds one answer to what its application was allowed before.
func add(grants map[string]*controlplane.Grant, s api.OAuth2ConsentSession) {
	request := s.GetConsentRequest()
	client := clientOf(request.GetClient())
	if client.FirstParty {
		return
	}
	g := grants[client.ID]
	if g == nil {
		g = &controlplane.Grant{Client: client, Since: s.GetHandledAt()}
		grants[client.ID] = g
	}
	if at := s.GetHandledAt(); at.Before(g.Since) {
		g.Since = at
	}
	for _, scope := range s.GrantScope {
		if !slices.Contains(g.Scopes, scope) {
			g.Scopes = append(g.Scopes, scope)
		}
	}
}

// WithdrawGrant takes back all that somebody has allowed an application: its
// refresh tokens end, and it asks anew. Access tokens end by themselves, within
// ten minutes. An application that was allowed nothing is no error.
func (c *Client) WithdrawGrant(ctx context.Context, subject, client string) error {
	response, err := c.api.OAuth2API.RevokeOAuth2ConsentSessions(ctx).Subject(subject).Client(client).Execute()
	return failure(err, response, "application")
}
