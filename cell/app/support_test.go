package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/coditect/platform/shared/testkit"
)

// fence changes a tenant's fence behind the cell's back.
func (p *process) fence(t *testing.T, tn tenant, sql string) {
	t.Helper()
	if n := p.exec(t, sql, tn.id.String()); n != 1 {
		t.Fatalf("%d rows changed by %s", n, sql)
	}
}

// exec runs a statement as the superuser and returns the number of rows it touched.
func (p *process) exec(t *testing.T, sql string, args ...any) int64 {
	t.Helper()
	tag, err := p.asSuperuser(t).Exec(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	return tag.RowsAffected()
}

func eventuallyStatus(t *testing.T, status int, try func() answer) {
	t.Helper()
	testkit.EventuallyOK(t, fmt.Sprintf("status %d", status), func() error {
		if a := try(); a.status != status {
			return fmt.Errorf("status %d: %s", a.status, a.body)
		}
		return nil
	})
}

// admin asks the process's door for operators.
func (p *process) admin(t testing.TB, target string) answer {
	t.Helper()
	return expect(t, p.do(t, p.addresses.Admin, request{method: "GET", target: target}, func(*http.Request) {}), 200)
}
