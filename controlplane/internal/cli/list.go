package cli

// tableLimit is how many rows a person gets unless they ask for more; programs
// get everything.
const tableLimit = 100

// pageLimit is the most items that one request may ask for.
const pageLimit = 1000

// page fetches up to limit items after the cursor ("" at first) and returns
// them with the next cursor ("" at the end).
type page[T any] func(cursor string, limit int) ([]T, string, error)

// list prints what fetch yields, in the format that was asked for. limit is the
// value of --limit: 0 all, negative the format's default. thing is its name,
// for notes.
func list[T any](p *program, thing string, limit int, columns []column[T], fetch page[T]) error {
	if limit < 0 {
		limit = 0
		if !p.flags.output.forPrograms() {
			limit = tableLimit
		}
	}
	var rows []T
	take := func(item T) error { rows = append(rows, item); return nil }
	out := p.newStream()
	if p.flags.output.forPrograms() {
		take = func(item T) error { return out.add(item) }
	}
	more, err := each(limit, fetch, take)
	if err != nil {
		return err
	}
	if err := finish(p, thing, columns, rows, out); err != nil {
		return err
	}
	if more {
		p.note("%s shown, there are more: --limit 0 shows all", plural(int64(limit), thing))
	}
	return nil
}

// each passes up to limit items (0: all) to take and says whether there are more.
func each[T any](limit int, fetch page[T], take func(T) error) (bool, error) {
	cursor, count := "", 0
	for {
		size := pageLimit
		if limit > 0 {
			size = min(size, limit-count)
		}
		items, next, err := fetch(cursor, size)
		if err != nil {
			return false, err
		}
		for _, item := range items {
			if err := take(item); err != nil {
				return false, err
			}
		}
		cursor, count = next, count+len(items)
		if cursor == "" || limit > 0 && count >= limit {
			return cursor != "", nil
		}
	}
}

func finish[T any](p *program, thing string, columns []column[T], rows []T, out *stream) error {
	switch {
	case p.flags.output.forPrograms():
		return out.end()
	case len(rows) == 0:
		p.note("no %ss", thing)
		return nil
	}
	return writeTable(p, columns, rows)
}
