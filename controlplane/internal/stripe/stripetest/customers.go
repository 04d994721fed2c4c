package stripetest

import "net/http"

func (s *Server) createCustomer(_ *http.Request, f form) (any, error) {
	c := &customer{ID: s.id("cus"), Object: "customer", Created: s.now.Unix(), Name: f.text("name"), Metadata: merge(nil, f.texts("metadata"))}
	s.customers.put(c.ID, c)
	s.emit("customer.created", *c)
	return c, nil
}

func (s *Server) customer(id string) (*customer, error) {
	if c, ok := s.customers.by[id]; ok && !c.Deleted {
		return c, nil
	}
	return nil, missing("customer", id)
}

func (s *Server) getCustomer(r *http.Request, _ form) (any, error) {
	if c, ok := s.customers.by[r.PathValue("id")]; ok {
		return c, nil
	}
	return nil, missing("customer", r.PathValue("id"))
}

func (s *Server) updateCustomer(r *http.Request, f form) (any, error) {
	c, err := s.customer(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if f.has("name") {
		c.Name = f.text("name")
	}
	c.Metadata = merge(c.Metadata, f.texts("metadata"))
	s.emit("customer.updated", *c)
	return c, nil
}

func (s *Server) deleteCustomer(r *http.Request, _ form) (any, error) {
	c, err := s.customer(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	for _, sub := range s.subscriptions.all(func(sub *subscription) bool { return sub.Customer == c.ID && sub.live() }) {
		s.end(sub)
	}
	c.Deleted = true
	s.emit("customer.deleted", *c)
	return map[string]any{"id": c.ID, "object": "customer", "deleted": true}, nil
}

// Decline has every payment of a customer declined, or accepted again.
func (s *Server) Decline(customer string, declined bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.declined[customer] = declined
}
