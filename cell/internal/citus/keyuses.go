package citus

import (
	"context"
	"errors"
	"sync"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// maxKeyUses bounds the uses that wait to be recorded. One that finds no room
// is noted at the key's next use.
const maxKeyUses = 10_000

type keyUse struct {
	tenant tenancy.ID
	hash   [32]byte
}

// keyUses are the keys that were used for the first time on this day. Requests
// only note them: a read stays a read.
type keyUses struct {
	mu    sync.Mutex
	noted map[keyUse]struct{}
}

func (u *keyUses) note(call *cell.Call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.noted == nil {
		u.noted = map[keyUse]struct{}{}
	}
	if len(u.noted) < maxKeyUses && len(call.KeyHash) == len(keyUse{}.hash) {
		u.noted[keyUse{call.Tenant, [32]byte(call.KeyHash)}] = struct{}{}
	}
}

func (u *keyUses) take() map[keyUse]struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.noted
	u.noted = nil
	return taken
}

// RecordKeyUses stores on which day keys were last used, as noted since the
// last call. Those of a tenant that may not be written to are dropped: the next
// use notes them again.
func (s *Store) RecordKeyUses(ctx context.Context) error {
	for use := range s.keyUses.take() {
		call := &cell.Call{Tenant: use.tenant, System: true, RequestID: "key-uses"}
		err := s.write(ctx, call, nil, func(w *work) {
			w.changes = changesUnseen
			w.Queue(`UPDATE api_keys SET used_on = (now() AT TIME ZONE 'UTC')::date WHERE tenant_id = $1 AND key_hash = $2`, w.tenant(), use.hash[:])
		})
		var refused *cell.Refused
		if err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	return nil
}
