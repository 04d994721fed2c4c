package local

// Endpoints is every address of a platform, with the credentials that it takes
// to use it. They follow from ports and secrets.
type Endpoints struct {
	ControlPlane ControlPlaneEndpoints     `json:"controlplane"`
	Routers      map[string]RouterEndpoint `json:"routers"` // by region
	Cells        map[string]CellEndpoints  `json:"cells"`   // by name
	Identity     IdentityEndpoints         `json:"identity"`
	EdgeRedisURL string                    `json:"edge_redis_url"`
	NATSURL      string                    `json:"nats_url"`
	MailURL      string                    `json:"mail_url"` // the page; mails as JSON under /api/messages
	SMTPAddress  string                    `json:"smtp_address"`
	StripeURL    string                    `json:"stripe_url"` // a small one: no money moves
	// What watches; empty without.
	PrometheusURL   string `json:"prometheus_url,omitempty"`
	AlertmanagerURL string `json:"alertmanager_url,omitempty"`
	JaegerURL       string `json:"jaeger_url,omitempty"` // its API; this build has no page
}

// ControlPlaneEndpoints are the control plane's.
type ControlPlaneEndpoints struct {
	URL      string `json:"url"`
	AdminURL string `json:"admin_url"` // health and metrics
	// Token is the API key of an operator with the role admin.
	Token            string `json:"token"`
	DatabaseURL      string `json:"database_url"`
	SuperDatabaseURL string `json:"super_database_url"`
}

// IdentityEndpoints are the authorization server's and the login application's.
type IdentityEndpoints struct {
	Issuer      string `json:"issuer"`    // its name in tokens; where applications begin
	AdminURL    string `json:"admin_url"` // asks for no credential
	JWKSURL     string `json:"jwks_url"`
	Audience    string `json:"audience"` // of tokens for tenants' APIs
	SigninURL   string `json:"signin_url"`
	DatabaseURL string `json:"database_url"`
}

// RouterEndpoint is one region's router.
type RouterEndpoint struct {
	URL      string `json:"url"`
	AdminURL string `json:"admin_url"`
	Snapshot string `json:"snapshot"` // the file
}

// CellEndpoints are one cell's.
type CellEndpoints struct {
	Region         string `json:"region"`
	URL            string `json:"url"`          // the door for routers
	InternalURL    string `json:"internal_url"` // the door for the control plane
	AdminURL       string `json:"admin_url"`
	WorkerAdminURL string `json:"worker_admin_url"`
	// DatabaseURL is the application's, through the pooler; the others are direct.
	DatabaseURL      string `json:"database_url"`
	OwnerDatabaseURL string `json:"owner_database_url"`
	RelayDatabaseURL string `json:"relay_database_url"`
	MoverDatabaseURL string `json:"mover_database_url"`
	SuperDatabaseURL string `json:"super_database_url"`
	RedisURL         string `json:"redis_url"`
	AMQPURL          string `json:"amqp_url"`
}

func (l layout) endpoints() Endpoints {
	control := l.controlPostgres()
	e := Endpoints{
		ControlPlane: ControlPlaneEndpoints{
			URL: l.ports.url("controlplane"), AdminURL: l.ports.url("controlplane-admin"), Token: l.secrets.Keys[adminKey],
			DatabaseURL:      control.DSN(controlRole, l.secrets.ControlPlanePassword, controlDatabase),
			SuperDatabaseURL: control.SuperDSN(controlDatabase),
		},
		Identity:     l.identityEndpoints(),
		Routers:      make(map[string]RouterEndpoint),
		Cells:        make(map[string]CellEndpoints),
		EdgeRedisURL: l.edgeRedis().URL(0),
		NATSURL:      l.nats().URL(),
		MailURL:      l.ports.url("mail-page"),
		SMTPAddress:  l.ports.address("mail-smtp"),
		StripeURL:    l.ports.url("stripe"),
	}
	if l.watched {
		e.PrometheusURL, e.AlertmanagerURL = l.ports.url("prometheus"), l.ports.url("alertmanager")
	}
	if l.watched && l.traced {
		e.JaegerURL = l.ports.url("jaeger")
	}
	for _, region := range regions {
		name := routerName(region)
		e.Routers[region] = RouterEndpoint{URL: l.ports.url(name), AdminURL: l.ports.url(name + "-admin"), Snapshot: l.snapshot(region)}
	}
	for _, at := range sites {
		e.Cells[at.cell] = l.cellEndpoints(at)
	}
	return e
}

func (l layout) cellEndpoints(at site) CellEndpoints {
	server, secrets := l.cellPostgres(at.cell), l.secrets.Cells[at.cell]
	return CellEndpoints{
		Region:           at.region,
		URL:              l.ports.url(at.cell),
		InternalURL:      l.ports.url(at.cell + "-internal"),
		AdminURL:         l.ports.url(at.cell + "-admin"),
		WorkerAdminURL:   l.ports.url(at.cell + "-worker-admin"),
		DatabaseURL:      l.pooler(at.cell).DSN(appRole, secrets.AppPassword, cellDatabase),
		OwnerDatabaseURL: server.DSN(ownerRole, secrets.OwnerPassword, cellDatabase),
		RelayDatabaseURL: server.DSN(relayRole, secrets.RelayPassword, cellDatabase),
		MoverDatabaseURL: server.DSN(moverRole, secrets.MoverPassword, cellDatabase),
		SuperDatabaseURL: server.SuperDSN(cellDatabase),
		RedisURL:         l.cellRedis(at.cell).URL(0),
		AMQPURL:          l.broker().URL(at.cell, secrets.BrokerPassword, at.cell),
	}
}
