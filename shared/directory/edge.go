package directory

// EdgePolicy is what one tenant wants of the router beyond what its plan gives
// it. Most tenants have none. It is part of the assignment, so it changes with
// a version like everything else, and needs no configuration of the router.
type EdgePolicy struct {
	CORS            *CORS        `json:"cors,omitempty"`
	RequestHeaders  *HeaderRules `json:"request_headers,omitempty"`
	ResponseHeaders *HeaderRules `json:"response_headers,omitempty"`
	Limits          []Limit      `json:"limits,omitempty"` // instead of the plan's, for their route classes

	// Access is no wish of the tenant's: the platform sets it while bills are
	// unpaid, and whoever replaces the policy leaves it as it is.
	Access Access `json:"access,omitempty"`
}

// Access is what a tenant may do, as far as its bills are paid.
type Access string

// The kinds of access. What leads to paying a bill is always let through.
const (
	FullAccess Access = ""
	ReadOnly   Access = "read_only" // writes are answered 402 at the edge
	NoAccess   Access = "none"      // and reads, too
)

// AccessOf returns the access that a policy leaves its tenant; nil leaves all.
func AccessOf(p *EdgePolicy) Access {
	if p == nil {
		return FullAccess
	}
	return p.Access
}

// CORS says which web pages of other origins may read a tenant's answers
// (WHATWG Fetch, CORS protocol).
type CORS struct {
	AllowedOrigins   []string `json:"allowed_origins"`           // "https://app.example.org"; "*": any, without credentials
	AllowedMethods   []string `json:"allowed_methods,omitempty"` // empty: all of the API's
	AllowedHeaders   []string `json:"allowed_headers,omitempty"` // empty: Authorization, Content-Type, Idempotency-Key, If-Match
	ExposedHeaders   []string `json:"exposed_headers,omitempty"` // empty: those that clients of the API need
	AllowCredentials bool     `json:"allow_credentials,omitempty"`
	MaxAgeSeconds    int      `json:"max_age_seconds,omitempty"` // how long a preflight is believed; 0: 600
}

// HeaderRules change a message's header: first Remove, then Set.
type HeaderRules struct {
	Remove []string `json:"remove,omitempty"`
	Set    []Header `json:"set,omitempty"`
}

// Header is one header field.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Limit bounds what one tenant may ask for in one route class. Zero means
// unbounded.
type Limit struct {
	Class      string  `json:"class"`                // route class of the router's policy; "*": every class together
	PerSecond  float64 `json:"per_second,omitempty"` // requests a second in the long run, over all routers
	Burst      int     `json:"burst,omitempty"`      // requests at once beyond that; 0: one second's worth
	Concurrent int     `json:"concurrent,omitempty"` // requests in flight, for each router
	MaxBody    int64   `json:"max_body_bytes,omitempty"`
}
