package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// creation is what 'tenant create' was asked to do.
type creation struct {
	request api.SignupRequest
	region  string
	plan    string
	key     string // the Idempotency-Key
	keyFile string // where the owner's API key goes instead of the terminal
	waiting waiting
}

const createHelp = `Signs a tenant up: places it in a cell, makes its organisation and its owner
there, and mails the owner. Prints the owner's API key, which is stored nowhere;
--api-key-file writes it to a file (mode 0600) instead.

The request carries an idempotency key. If it fails half-way, the key is shown;
the same command with --idempotency-key finishes the sign-up, or repeats its
answer, and never makes a second tenant.`

func (p *program) tenantCreate() *cobra.Command {
	c := creation{}
	cmd := &cobra.Command{
		Use: "create SLUG", Short: "Sign a tenant up", Long: createHelp, Args: named("SLUG"),
		Example: `  cellctl tenant create acme --organization "Acme Inc" --owner-name "Ada Low" --owner-email ada@acme.com
  cellctl tenant create acme … --region europe-west1 --plan team --api-key-file acme.key`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			c.request.Slug = args[0]
			return p.createTenant(cmd.Context(), c)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&c.request.Organization, "organization", "", "the organisation's name")
	f.StringVar(&c.request.Owner.Name, "owner-name", "", "the owner's name")
	f.StringVar(&c.request.Owner.Email, "owner-email", "", "the owner's e-mail address")
	f.StringVar(&c.region, "region", "", "the region that the tenant must stay in (default: any)")
	f.StringVar(&c.plan, "plan", "", "the plan (default: the control plane's)")
	f.StringVar(&c.key, "idempotency-key", "", "the `KEY` that a failed attempt showed")
	f.StringVar(&c.keyFile, "api-key-file", "", "write the owner's API key to this `FILE` and do not print it")
	c.waiting.flags(cmd, true, time.Minute, "the tenant is active")
	for _, name := range []string{"organization", "owner-name", "owner-email"} {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that is not there
	}
	return cmd
}

func (p *program) createTenant(ctx context.Context, c creation) error {
	if _, err := tenancy.ParseSlug(c.request.Slug); err != nil {
		return misused("%s", err)
	}
	if c.key == "" {
		c.key = uuid.NewString()
	}
	c.request.Region, c.request.Plan = optional(c.region), optional(c.plan)
	s, err := p.connect()
	if err != nil {
		return err
	}
	made, err := p.signUp(ctx, s, c)
	if err != nil {
		err = hinting(err, fault.Conflict, "'cellctl tenant show %s' shows who has the slug; choose another", c.request.Slug)
		return c.retryable(doing(err, "create tenant %s", c.request.Slug))
	}
	if c.keyFile != "" {
		if err := replaceFile(c.keyFile, []byte(made.APIKey+"\n")); err != nil {
			return c.retryable(failed("tenant %s was created, but its API key could not be written: %s", c.request.Slug, err))
		}
		made.APIKey = ""
	}
	return p.showCreated(made, c)
}

// signUp repeats the same request with the same key until it is through.
func (p *program) signUp(ctx context.Context, s *session, c creation) (api.SignupResult, error) {
	var made api.SignupResult
	err := p.until(ctx, c.waiting, "wait until it is active", func(ctx context.Context) (bool, error) {
		if made.Tenant.TenantID.IsZero() {
			got, err := answer[api.SignupResult](s.SignUp(ctx, &api.SignUpParams{IdempotencyKey: c.key}, c.request))
			if err != nil {
				return false, err
			}
			made = got
			return made.Tenant.State == directory.Active, nil
		}
		t, err := answer[api.Tenant](s.GetTenant(ctx, made.Tenant.TenantID))
		made.Tenant.State = t.State
		return t.State == directory.Active, err
	})
	return made, err
}

// retryable adds to the hint how to repeat the request without doing it twice.
// A request that was refused for good was not carried out, and a corrected one
// needs a key of its own.
func (c creation) retryable(err error) error {
	f := *asFailure(err)
	refused := f.code != "" && f.code != fault.Internal && !f.passing()
	if refused || f.exit == ExitUsage {
		return &f
	}
	again := "to repeat this safely, add --idempotency-key " + c.key
	f.hint = strings.TrimPrefix(f.hint+"; "+again, "; ")
	return &f
}

func (p *program) showCreated(made api.SignupResult, c creation) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(createdView{Tenant: made.Tenant, URL: made.URL, APIKey: made.APIKey})
	}
	key := made.APIKey
	if c.keyFile != "" {
		key = "in " + c.keyFile
	}
	t := made.Tenant
	err := writeFields(p, []field{
		{label: "Tenant", value: string(t.Slug)},
		{label: "Id", value: t.TenantID.String()},
		{label: "State", value: string(t.State), color: tenantColor(t.State)},
		{label: "Cell", value: fmt.Sprintf("%s (%s)", t.Cell, t.Region)},
		{label: "Plan", value: t.Plan},
		{label: "URL", value: made.URL},
		{label: "API key", value: key},
	})
	if err == nil && c.keyFile == "" {
		p.note("the API key is the owner's and is not shown again: hand it over, then forget it")
	}
	return err
}

// createdView is the sign-up's answer; the key is absent if it went to a file.
type createdView struct {
	Tenant api.Assignment `json:"tenant"`
	URL    string         `json:"url"`
	APIKey string         `json:"api_key,omitempty"`
}
