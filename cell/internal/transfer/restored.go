package transfer

import (
	"context"

	"github.com/coditect/platform/cell"
)

// A cell that was restored from a backup finds exports and imports in its rows as
// they were then. The slots are gone, and the streams have gone on: the control
// plane has all of them ended before it lets the cell take part in moves again.

// ForgetAll ends every export of the cell, and returns how many there were.
func (x *Exporter) ForgetAll(ctx context.Context) (int, error) {
	exports, err := x.Contacts.Exports(ctx)
	if err != nil {
		return 0, err
	}
	for _, e := range exports {
		if err := x.Close(ctx, e.Transfer); err != nil {
			return 0, err
		}
	}
	return len(exports), nil
}

// CloseAll ends every import of the cell that was not activated, and returns how
// many there were. None of them begins again.
func (m Importer) CloseAll(ctx context.Context) (int, error) {
	imports, err := m.Work.Imports(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, i := range imports {
		if i.State == cell.ImportActivated {
			continue
		}
		if err := m.Close(ctx, i.Transfer); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
