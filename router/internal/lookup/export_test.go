package lookup

import "time"

// Waiting is the number of keys that wait for the next batch.
func (c *Client) Waiting() int {
	c.batch.mu.Lock()
	defer c.batch.mu.Unlock()
	return len(c.batch.waiting)
}

// SetNow gives the client a clock; before its first lookup.
func (c *Client) SetNow(now func() time.Time) { c.batch.now = now }
