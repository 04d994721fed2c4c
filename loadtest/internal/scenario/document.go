package scenario

// document is the file as written. Durations are texts, so that a wrong one is
// reported with its place like everything else.
type document struct {
	Name    string `yaml:"name"`
	Seed    uint64 `yaml:"seed"`
	Target  target `yaml:"target"`
	Tenants struct {
		File     string  `yaml:"file"`
		Slugs    string  `yaml:"slugs"`
		Count    int     `yaml:"count"`
		Choose   string  `yaml:"choose"`
		Exponent float64 `yaml:"exponent"`
	} `yaml:"tenants"`
	Load struct {
		Model       string `yaml:"model"`
		Arrivals    string `yaml:"arrivals"`
		Connections int    `yaml:"connections"`
		Think       string `yaml:"think"`
		Timeout     string `yaml:"timeout"`
		Engine      string `yaml:"engine"`
		MaxLag      string `yaml:"max_lag"`
	} `yaml:"load"`
	Phases     []phase  `yaml:"phases"`
	Mix        []step   `yaml:"mix"`
	Thresholds []string `yaml:"thresholds"`
}

type target struct {
	URL          string `yaml:"url"`
	Domain       string `yaml:"domain"`
	ControlPlane string `yaml:"controlplane"`
}

type phase struct {
	Name    string   `yaml:"name"`
	For     string   `yaml:"for"`
	Rate    *float64 `yaml:"rate"`
	Users   *float64 `yaml:"users"`
	From    *float64 `yaml:"from"`
	To      *float64 `yaml:"to"`
	WarmUp  bool     `yaml:"warmup"`
	Storm   *storm   `yaml:"storm"`
	Migrate *migrate `yaml:"migrate"`
}

type storm struct {
	Tenant int     `yaml:"tenant"`
	Rate   float64 `yaml:"rate"`
}

type migrate struct {
	Tenant int    `yaml:"tenant"`
	To     string `yaml:"to"`
}

type step struct {
	Step   string  `yaml:"step"`
	Name   string  `yaml:"name"`
	Weight float64 `yaml:"weight"`
	Method string  `yaml:"method"`
	Path   string  `yaml:"path"`
	Body   string  `yaml:"body"`
	Expect []int   `yaml:"expect"`
}
