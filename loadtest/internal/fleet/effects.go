package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ReportsMade returns, of each job by which the tenant had a report made, how
// often the audit log says so. That entry is what the job changes in the
// database, so it is there once or something is wrong.
func (f *Fleet) ReportsMade(ctx context.Context, cell, tenant string) (map[string]int, error) {
	rows, err := f.cells[cell].Query(ctx, `
		SELECT subject_id::text, count(*) FROM audit_logs WHERE tenant_id = $1 AND action = 'report.made' GROUP BY subject_id`, tenant)
	if err != nil {
		return nil, err
	}
	made := map[string]int{}
	var job string
	var times int
	_, err = pgx.ForEachRow(rows, []any{&job, &times}, func() error {
		made[job] = times
		return nil
	})
	return made, err
}

// JobCounts returns how many jobs of a kind the tenant has, and how many of
// them have not ended.
func (f *Fleet) JobCounts(ctx context.Context, cell, tenant, kind string) (all, open int, err error) {
	err = f.cells[cell].QueryRow(ctx, `
		SELECT count(*), count(*) FILTER (WHERE state IN ('pending', 'queued', 'running')) FROM jobs WHERE tenant_id = $1 AND kind = $2`,
		tenant, kind).Scan(&all, &open)
	return all, open, err
}

// Mail is one that the mail sink has.
type Mail struct {
	ID        string // the sink's
	To        string
	MessageID string
}

// Mails returns what the sink still has: the latest ones.
func (f *Fleet) Mails(ctx context.Context) ([]Mail, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Platform.State().Endpoints.MailURL+"/api/messages", nil)
	if err != nil {
		return nil, err
	}
	response, err := f.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var list struct {
		Messages []struct {
			ID     string   `json:"id"`
			To     []string `json:"to"`
			Source string   `json:"source"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return nil, err
	}
	var mails []Mail
	for _, m := range list.Messages {
		parsed, err := mail.ReadMessage(strings.NewReader(m.Source))
		if err != nil {
			return nil, fmt.Errorf("mail %s: %w", m.ID, err)
		}
		mails = append(mails, Mail{ID: m.ID, To: strings.Join(m.To, ","), MessageID: parsed.Header.Get("Message-Id")})
	}
	return mails, nil
}
