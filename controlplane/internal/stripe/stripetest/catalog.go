package stripetest

import (
	"net/http"
	"strconv"
)

func (s *Server) listProducts(_ *http.Request, f form) (any, error) {
	return page(&s.products, f, func(p *product) string { return p.ID }, func(p *product) bool {
		return !f.has("active") || p.Active == f.flag("active")
	}), nil
}

func (s *Server) createProduct(_ *http.Request, f form) (any, error) {
	id := f.text("id")
	if id == "" {
		id = s.id("prod")
	}
	if _, taken := s.products.by[id]; taken {
		return nil, fault(http.StatusBadRequest, "resource_already_exists", "Product already exists.")
	}
	if f.text("name") == "" {
		return nil, bad("Missing required param: name.")
	}
	p := &product{ID: id, Object: "product", Created: s.now.Unix(), Active: true, Name: f.text("name"), Metadata: merge(nil, f.texts("metadata"))}
	s.products.put(id, p)
	return p, nil
}

func (s *Server) updateProduct(r *http.Request, f form) (any, error) {
	p, ok := s.products.by[r.PathValue("id")]
	if !ok {
		return nil, missing("product", r.PathValue("id"))
	}
	if f.has("name") {
		p.Name = f.text("name")
	}
	if f.has("active") {
		p.Active = f.flag("active")
	}
	p.Metadata = merge(p.Metadata, f.texts("metadata"))
	return p, nil
}

func (s *Server) listPrices(_ *http.Request, f form) (any, error) {
	keys := f.texts("lookup_keys")
	return page(&s.prices, f, func(p *price) string { return p.ID }, func(p *price) bool {
		if f.has("active") && p.Active != f.flag("active") || f.has("product") && p.Product != f.text("product") {
			return false
		}
		for _, key := range keys {
			if key == p.LookupKey {
				return true
			}
		}
		return len(keys) == 0
	}), nil
}

func (s *Server) createPrice(_ *http.Request, f form) (any, error) {
	if _, ok := s.products.by[f.text("product")]; !ok {
		return nil, missing("product", f.text("product"))
	}
	p := &price{
		ID: s.id("price"), Object: "price", Created: s.now.Unix(), Active: true, BillingScheme: "per_unit", Currency: f.text("currency"), LookupKey: f.text("lookup_key"),
		Product: f.text("product"), Type: "recurring", UnitAmount: f.number("unit_amount"), TiersMode: f.text("tiers_mode"), Metadata: merge(nil, f.texts("metadata")),
		Recurring: recurring{Interval: f.text("recurring", "interval"), IntervalCount: 1, UsageType: "licensed", Meter: f.text("recurring", "meter")},
	}
	if usage := f.text("recurring", "usage_type"); usage != "" {
		p.Recurring.UsageType = usage
	}
	if scheme := f.text("billing_scheme"); scheme != "" {
		p.BillingScheme = scheme
	}
	if p.Recurring.Meter != "" && s.meters.by[p.Recurring.Meter] == nil {
		return nil, missing("meter", p.Recurring.Meter)
	}
	for _, in := range f.list("tiers") {
		t := tier{UnitAmountDecimal: in.text("unit_amount_decimal")}
		if upTo := in.text("up_to"); upTo != "inf" {
			n, err := strconv.ParseInt(upTo, 10, 64)
			if err != nil {
				return nil, bad("Invalid up_to: %s", upTo)
			}
			t.UpTo = &n
		}
		p.Tiers = append(p.Tiers, t)
	}
	if err := s.takeLookupKey(p, f.flag("transfer_lookup_key")); err != nil {
		return nil, err
	}
	s.prices.put(p.ID, p)
	return p, nil
}

// takeLookupKey gives the price its key, of which there is one in an account.
func (s *Server) takeLookupKey(p *price, transfer bool) error {
	for _, other := range s.prices.all(func(o *price) bool { return p.LookupKey != "" && o.LookupKey == p.LookupKey }) {
		if !transfer {
			return bad("A price (`%s`) already uses that lookup key.", other.ID)
		}
		other.LookupKey = ""
	}
	return nil
}

func (s *Server) updatePrice(r *http.Request, f form) (any, error) {
	p, ok := s.prices.by[r.PathValue("id")]
	if !ok {
		return nil, missing("price", r.PathValue("id"))
	}
	if f.has("active") {
		p.Active = f.flag("active")
	}
	p.Metadata = merge(p.Metadata, f.texts("metadata"))
	return p, nil
}

func (s *Server) listCoupons(_ *http.Request, f form) (any, error) {
	return page(&s.coupons, f, func(c *coupon) string { return c.ID }, func(*coupon) bool { return true }), nil
}

func (s *Server) createCoupon(_ *http.Request, f form) (any, error) {
	id := f.text("id")
	if id == "" {
		id = s.id("co")
	}
	if _, taken := s.coupons.by[id]; taken {
		return nil, fault(http.StatusBadRequest, "resource_already_exists", "Coupon already exists.")
	}
	percent, err := strconv.ParseFloat(f.text("percent_off"), 64)
	if err != nil || percent <= 0 || percent > 100 {
		return nil, bad("Invalid percent_off")
	}
	c := &coupon{
		ID: id, Object: "coupon", Created: s.now.Unix(), Name: f.text("name"), PercentOff: percent, Duration: f.text("duration"),
		DurationInMonths: f.number("duration_in_months"), Valid: true, Metadata: merge(nil, f.texts("metadata")),
	}
	s.coupons.put(id, c)
	return c, nil
}

func (s *Server) updateCoupon(r *http.Request, f form) (any, error) {
	c, ok := s.coupons.by[r.PathValue("id")]
	if !ok {
		return nil, missing("coupon", r.PathValue("id"))
	}
	if f.has("name") {
		c.Name = f.text("name")
	}
	c.Metadata = merge(c.Metadata, f.texts("metadata"))
	return c, nil
}

func (s *Server) deleteCoupon(r *http.Request, _ form) (any, error) {
	id := r.PathValue("id")
	if _, ok := s.coupons.by[id]; !ok {
		return nil, missing("coupon", id)
	}
	s.coupons.remove(id)
	return map[string]any{"id": id, "object": "coupon", "deleted": true}, nil
}
