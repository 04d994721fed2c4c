package cli

import "context"

// confirmation is what a person has to type before something that cannot be
// undone is done.
type confirmation struct {
	action  string // "delete tenant acme"
	warning string // what will happen
	word    string // what to type
	what    string // what the word is
}

// confirmBy lets the person type the word. Who cannot be asked has not agreed.
func (p *program) confirmBy(ctx context.Context, c confirmation) error {
	if p.opts.ReadSecret == nil {
		return misused("%s: nobody is there to confirm it", c.action).withHint("add --yes if you are sure")
	}
	p.note("%s", c.warning)
	typed, err := p.ask(ctx, "Type the "+c.what+" to confirm: ")
	if err != nil {
		return err
	}
	if typed != c.word {
		return failed("%s: not confirmed, nothing was changed", c.action)
	}
	return nil
}
